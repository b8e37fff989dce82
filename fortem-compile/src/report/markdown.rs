//! The report as Markdown.

use std::fmt::{Display, Formatter, Result};

use super::{
    AskedReport, AssignmentReport, BlindReport, GrantReport, HiddenReport, LeftOutReport,
    MergedReport, Report, RoleReport, SizeReport,
};

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "# What the policies grant\n")?;
        writeln!(
            f,
            "Environment tag: `{}`. Schedules: {}. AWS service reference of {}.",
            self.tag_key,
            self.schedule,
            self.service_reference.get(..10).unwrap_or(&self.service_reference),
        )?;
        for role in &self.roles {
            write!(f, "\n{role}")?;
        }
        merged(f, &self.merged)?;
        asked(f, &self.asked)?;
        open_patterns(f, &self.open_patterns)?;
        sizes(f, &self.sizes)?;
        left_out(f, &self.left_out)
    }
}

impl Display for RoleReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "## {}\n", self.role)?;
        writeln!(f, "{} From `{}`.\n", self.doc, self.location)?;
        for document in &self.documents {
            let (size, limit) = (document.characters, document.limit);
            writeln!(f, "- `{}`: {size} of {limit} characters", document.file)?;
        }
        if self.documents.is_empty() {
            writeln!(f, "No document: guards leave nothing to grant.")?;
        }
        grants(f, &self.grants)?;
        writeln!(f, "\nNot permitted: {}.", codes(&self.not_permitted))?;
        hidden(f, &self.hidden)?;
        tag_blind(f, &self.tag_blind)?;
        writeln!(f, "\n### Guards\n\n| statement | from |\n| --- | --- |")?;
        for guard in &self.guards {
            writeln!(f, "| `{}` | `{}` |", guard.sid, guard.origin)?;
        }
        writeln!(f, "\n### Integrity guards\n\n| statement | why |\n| --- | --- |")?;
        for guard in &self.integrity {
            writeln!(f, "| `{}` | {} |", guard.sid, guard.origin)?;
        }
        assignments(f, &self.assignments)
    }
}

fn grants(f: &mut Formatter<'_>, grants: &[GrantReport]) -> Result {
    writeln!(f, "\n### Granted\n")?;
    writeln!(f, "| action | API action | tied to the environment by | statement |")?;
    writeln!(f, "| --- | --- | --- | --- |")?;
    for grant in grants {
        for (index, call) in grant.calls.iter().enumerate() {
            let action = match index {
                0 => format!("`{}`: {}", grant.action, grant.doc.trim_end_matches('.')),
                _ => String::new(),
            };
            let channels = call.channels.join(", ");
            let statements = codes(&call.statements);
            writeln!(f, "| {action} | `{}` | {channels} | {statements} |", call.api)?;
        }
    }
    let unseen = grants.iter().flat_map(|grant| &grant.calls);
    let mut lines: Vec<_> = unseen
        .filter_map(|call| Some(format!("- `{}`: {}", call.api, call.unseen.as_ref()?)))
        .collect();
    lines.sort();
    lines.dedup();
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(f, "\nWhat IAM cannot see of these calls, and so does not limit:\n")?;
    lines.iter().try_for_each(|line| writeln!(f, "{line}"))
}

fn hidden(f: &mut Formatter<'_>, rows: &[HiddenReport]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n### Hidden\n")?;
    writeln!(f, "Not granted: AWS does not show in these calls what the role asks about.\n")?;
    writeln!(f, "| API action | for | asked about |\n| --- | --- | --- |")?;
    rows.iter()
        .try_for_each(|row| writeln!(f, "| `{}` | `{}` | `{}` |", row.api, row.action, row.key))
}

fn asked(f: &mut Formatter<'_>, rows: &[AskedReport]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n## What policies rest on\n")?;
    writeln!(f, "Whoever fills these condition keys in is trusted to tell the truth.\n")?;
    writeln!(f, "| condition key | asked by |\n| --- | --- |")?;
    rows.iter().try_for_each(|row| writeln!(f, "| `{}` | {} |", row.key, codes(&row.policies)))
}

fn tag_blind(f: &mut Formatter<'_>, rows: &[BlindReport]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n### Tag-blind\n")?;
    writeln!(f, "Nothing ties these API actions to an environment.\n")?;
    writeln!(f, "| API action | for | would show | granted |\n| --- | --- | --- | --- |")?;
    for row in rows {
        let granted = row.accepted.as_ref().map_or("no".to_owned(), |why| format!("yes: {why}"));
        writeln!(f, "| `{}` | {} | {} | {granted} |", row.api, row.purpose, row.shows)?;
    }
    Ok(())
}

fn assignments(f: &mut Formatter<'_>, rows: &[AssignmentReport]) -> Result {
    writeln!(f, "\n### Assigned to\n")?;
    if rows.is_empty() {
        return writeln!(f, "Nobody.");
    }
    writeln!(f, "| who | tag value | accounts | forbidden there | assigned at |")?;
    writeln!(f, "| --- | --- | --- | --- | --- |")?;
    for row in rows {
        let forbidden = match row.forbidden.first_key_value() {
            None => "nothing".to_owned(),
            Some((_, guard)) => format!("{} actions, by `{guard}`", row.forbidden.len()),
        };
        let (who, tag, place) = (&row.assignee, &row.environment, &row.location);
        let accounts = row.accounts.join(", ");
        writeln!(f, "| {who} | `{tag}` | {accounts} | {forbidden} | `{place}` |")?;
    }
    Ok(())
}

fn merged(f: &mut Formatter<'_>, classes: &[MergedReport]) -> Result {
    if classes.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n## What IAM cannot tell apart\n")?;
    writeln!(f, "| actions | are all | accepted |\n| --- | --- | --- |")?;
    for class in classes {
        let accepted = class.accepted.as_deref().unwrap_or("granted together");
        writeln!(f, "| {} | {} | {accepted} |", codes(&class.actions), codes(&class.apis))?;
    }
    Ok(())
}

fn open_patterns(f: &mut Formatter<'_>, patterns: &[String]) -> Result {
    if patterns.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n## Open name patterns\n")?;
    writeln!(
        f,
        "No environment of the fleet reaches another through these. One that the fleet does not know \
         could: `staging-*` also matches the names of an undeclared `staging-2`. Declare every \
         environment, or close the pattern.\n"
    )?;
    patterns.iter().try_for_each(|pattern| writeln!(f, "- `{pattern}`"))
}

fn sizes(f: &mut Formatter<'_>, rows: &[SizeReport]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n## Sizes\n\nIn characters, counted as AWS counts them.\n")?;
    writeln!(f, "| file | used | limit | headroom |\n| --- | ---: | ---: | ---: |")?;
    for SizeReport { file, characters, limit, headroom, needs_raise_from } in rows {
        let limit = match needs_raise_from {
            None => limit.to_string(),
            Some(default) => format!("{limit}, once raised from {default}"),
        };
        writeln!(f, "| `{file}` | {characters} | {limit} | {headroom} |")?;
    }
    Ok(())
}

fn left_out(f: &mut Formatter<'_>, rows: &[LeftOutReport]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n## Not written\n\n| file | why | what would give it |\n| --- | --- | --- |")?;
    for LeftOutReport { file, why, help, .. } in rows {
        writeln!(f, "| `{file}` | {why} | {help} |")?;
    }
    Ok(())
}

fn codes<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
