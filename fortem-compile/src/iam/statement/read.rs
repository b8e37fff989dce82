//! JSON to statements.

use super::{Effect, Scope, Statement};
use crate::iam::arn::ResourcePattern;
use crate::iam::condition::Condition;
use crate::iam::document::{DocumentFault, DocumentKind, DocumentOddity, ELEMENTS, Findings};
use crate::iam::json::{Json, JsonValue, Member};
use crate::iam::principal::Principal;
use crate::iam::span::Span;
use crate::iam::variable::Template;

/// The name under which errors speak of a statement: its Sid, else its number.
pub(in crate::iam) fn name_of(statement: &Json, number: usize) -> String {
    match statement.get("Sid").map(Json::value) {
        Some(JsonValue::Text(sid)) if !sid.is_empty() => sid.clone(),
        _ => number.to_string(),
    }
}

/// The elements of a statement as they come; one at fault stays empty.
#[derive(Default)]
struct Elements {
    sid: Option<String>,
    effect: Option<Effect>,
    principals: Option<Scope<Principal>>,
    actions: Option<Scope<String>>,
    resources: Option<Scope<String>>,
    conditions: Vec<Condition>,
}

/// Reads one statement; nothing if a fault leaves open what it says.
pub(in crate::iam) fn read(json: &Json, number: usize, found: &mut Findings) -> Option<Statement> {
    let members = found.object(json, "Statement")?;
    let mut elements = Elements::default();
    for member in members {
        elements.read(member, found);
    }
    check_elements(json, members, found);
    check_resource_control(json, elements.effect, found);
    if found.spoiled {
        return None;
    }
    let variables = found.has_variables();
    let (actions, resources) = (elements.actions?, elements.resources);
    Some(Statement {
        sid: elements.sid.filter(|sid| !sid.is_empty()),
        number,
        effect: elements.effect?,
        principals: elements.principals,
        actions: actions.map(|action| Template::pattern(&action.to_ascii_lowercase(), false)),
        written_actions: actions,
        resources: resources
            .as_ref()
            .map(|scope| scope.map(|text| ResourcePattern::new(text, variables))),
        written_resources: resources,
        conditions: elements.conditions,
        span: json.span(),
        places: members.iter().filter_map(place).collect(),
    })
}

/// An element that the language has, and where its value stands.
fn place(member: &Member) -> Option<(&'static str, Span)> {
    let element = ELEMENTS.into_iter().find(|element| *element == member.key())?;
    Some((element, member.value().span()))
}

impl Elements {
    fn read(&mut self, member: &Member, found: &mut Findings) {
        let (key, value) = (member.key(), member.value());
        if !found.kind.admits(key) {
            let fault =
                DocumentFault::MisplacedElement { element: key.to_owned(), kind: found.kind };
            return found.fault(member.key_span(), fault);
        }
        match key {
            "Sid" => self.sid = read_sid(value, found),
            "Effect" => self.effect = read_effect(value, found),
            "Principal" => self.principals = Some(Scope::Only(read_principals(value, found))),
            "NotPrincipal" => {
                self.principals = Some(Scope::AllExcept(read_principals(value, found)));
            }
            "Action" => self.actions = Some(Scope::Only(read_actions(value, found))),
            "NotAction" => self.actions = Some(Scope::AllExcept(read_actions(value, found))),
            "Resource" => self.resources = Some(Scope::Only(read_resources(value, found))),
            "NotResource" => self.resources = Some(Scope::AllExcept(read_resources(value, found))),
            "Condition" => self.conditions = read_conditions(value, found),
            other => {
                found.fault(member.key_span(), DocumentFault::UnknownElement(other.to_owned()));
            }
        }
    }
}

/// What must be there is, once; of twins the second one is at fault.
fn check_elements(json: &Json, members: &[Member], found: &mut Findings) {
    for (element, twin, needed) in [
        ("Effect", "Effect", true),
        ("Principal", "NotPrincipal", found.kind.has_principals()),
        ("Action", "NotAction", true),
        ("Resource", "NotResource", found.kind.needs_resources()),
    ] {
        let mut present = members.iter().filter(|member| [element, twin].contains(&member.key()));
        match (present.next(), present.next()) {
            (None, _) if needed => {
                found.fault(json.closing_bracket(), DocumentFault::MissingElement(element));
            }
            (Some(first), Some(second)) if first.key() != second.key() => {
                found.fault(second.key_span(), DocumentFault::BothElements(element));
            }
            _ => {}
        }
    }
}

/// A resource control policy is about everyone, and only the one that AWS attaches allows.
fn check_resource_control(json: &Json, effect: Option<Effect>, found: &mut Findings) {
    if found.kind != DocumentKind::ResourceControl {
        return;
    }
    let is_star = |element| {
        json.get(element).is_some_and(|value| matches!(value.items(), [item] if is_text(item, "*")))
    };
    if let Some(principal) = json.get("Principal")
        && !is_text(principal, "*")
    {
        found.fault(principal.span(), DocumentFault::PrincipalOfResourceControl);
    }
    let is_full_access =
        is_star("Action") && is_star("Resource") && json.get("Condition").is_none();
    if let (Some(Effect::Allow), Some(value), false) = (effect, json.get("Effect"), is_full_access)
    {
        found.fault(value.span(), DocumentFault::AllowInResourceControl);
    }
}

fn is_text(json: &Json, expected: &str) -> bool {
    matches!(json.value(), JsonValue::Text(text) if text == expected)
}

fn read_sid(value: &Json, found: &mut Findings) -> Option<String> {
    let sid = found.text(value, "Sid")?;
    if found.kind.has_plain_sids() && !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        found.fault(value.span(), DocumentFault::SidCharacters);
    }
    Some(sid.to_owned())
}

fn read_effect(value: &Json, found: &mut Findings) -> Option<Effect> {
    match found.text(value, "Effect")? {
        "Allow" => Some(Effect::Allow),
        "Deny" => Some(Effect::Deny),
        other => {
            found.fault(value.span(), DocumentFault::UnknownEffect(other.to_owned()));
            None
        }
    }
}

/// `*`, or an object of types with one principal or a list of them each.
fn read_principals(value: &Json, found: &mut Findings) -> Vec<Principal> {
    if let JsonValue::Text(text) = value.value() {
        if text != "*" {
            found.fault(value.span(), DocumentFault::Principal(text.clone()));
        }
        return vec![Principal::Everyone];
    }
    let members = found.object(value, "Principal").unwrap_or_default();
    if let JsonValue::Object(members) = value.value()
        && members.is_empty()
    {
        found.fault(value.span(), DocumentFault::Empty("Principal"));
    }
    members.iter().flat_map(|member| read_principals_of(member, found)).collect()
}

/// The principals of one type.
fn read_principals_of(member: &Member, found: &mut Findings) -> Vec<Principal> {
    let read: fn(&str) -> Option<Principal> = match member.key() {
        "AWS" => Principal::aws,
        "Service" => |text| Some(Principal::Service(text.to_owned())),
        "Federated" => |text| Some(Principal::Federated(text.to_owned())),
        "CanonicalUser" => |text| Some(Principal::CanonicalUser(text.to_owned())),
        other => {
            found.fault(member.key_span(), DocumentFault::PrincipalType(other.to_owned()));
            return Vec::new();
        }
    };
    let mut principals = Vec::new();
    for (text, span) in listed(member.value(), "Principal", found) {
        if found.stray_variable(text, span, "a principal") && found.has_variables() {
            continue;
        }
        match read(text) {
            Some(principal) => principals.push(principal),
            None => found.fault(span, DocumentFault::Principal(text.to_owned())),
        }
    }
    principals
}

/// One text or several, of which there must be one.
fn listed<'j>(
    value: &'j Json,
    element: &'static str,
    found: &mut Findings,
) -> Vec<(&'j str, Span)> {
    if value.items().is_empty() {
        found.fault(value.span(), DocumentFault::Empty(element));
    }
    found.texts(value, element)
}

fn read_actions(value: &Json, found: &mut Findings) -> Vec<String> {
    let mut actions = Vec::new();
    for (action, span) in listed(value, "Action", found) {
        let colons = action.matches(':').count();
        if !found.stray_variable(action, span, "an action") && !is_stars(action) && colons != 1 {
            found.fault(span, DocumentFault::Action(action.to_owned()));
        }
        actions.push(action.to_owned());
    }
    actions
}

fn read_resources(value: &Json, found: &mut Findings) -> Vec<String> {
    let mut resources = Vec::new();
    for (resource, span) in listed(value, "Resource", found) {
        if !is_stars(resource) && !resource.starts_with("arn:") {
            found.fault(span, DocumentFault::Resource(resource.to_owned()));
        }
        if let Some((head, _)) = resource.split_once("${") {
            if !found.has_variables() {
                found.remark(span, DocumentOddity::VariableAsText);
            } else if head.matches(':').count() < 5 {
                found.remark(span, DocumentOddity::VariableInArnHead);
            }
        }
        resources.push(resource.to_owned());
    }
    resources
}

fn is_stars(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'*')
}

/// Reads a `Condition` block: operator → key → value or values.
fn read_conditions(block: &Json, found: &mut Findings) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for operator in found.object(block, "Condition").unwrap_or_default() {
        if !Condition::has_operator(operator.key()) {
            let fault = DocumentFault::UnknownOperator(operator.key().to_owned());
            found.fault(operator.key_span(), fault);
            continue;
        }
        for key in found.object(operator.value(), operator.key()).unwrap_or_default() {
            conditions.extend(read_condition(operator, key, found));
        }
    }
    conditions
}

fn read_condition(operator: &Member, key: &Member, found: &mut Findings) -> Option<Condition> {
    if !found.stray_variable(key.key(), key.key_span(), "a condition key")
        && !key.key().contains(':')
    {
        found.fault(key.key_span(), DocumentFault::ConditionKey(key.key().to_owned()));
    }
    let values = found.scalars(key.value(), key.key());
    let texts = values.iter().map(|(text, _)| (*text).to_owned()).collect();
    let condition = Condition::new(
        operator.key().to_owned(),
        key.key().to_owned(),
        texts,
        found.has_variables(),
    )?;
    for (text, span) in values {
        if !condition.takes_variables() {
            found.stray_variable(text, span, &format!("a value of `{}`", operator.key()));
        } else if text.contains("${") && !found.has_variables() {
            found.remark(span, DocumentOddity::VariableAsText);
        }
    }
    Some(condition)
}
