//! What IAM sees of one authorization, in terms of the Cedar request, and its conditions as Cedar
//! expressions.
//!
//! | IAM | Cedar |
//! | --- | --- |
//! | `aws:PrincipalTag/E` | `principal.getTag("E")` |
//! | `aws:ResourceTag/E` | `resource.getTag("E")`, where AWS shows it |
//! | another key that the call carries | `context.iam.keys["…"]`, if `context.iam.present["…"]` |
//! | a key that the call does not carry | absent |
//! | a key of which that is in doubt | as one that it carries: the proof holds with it and without |
//! | the resource's ARN | `context.iam.resource` |
//!
//! E is the environment's tag key. A variable stands for the holder's own value of it.

use super::call::Authorization;
use super::error::Untranslatable;
use super::holder::Holder;
use super::keys::{Keys, Kind};
use super::pattern;
use super::text::{all, any, not, string};
use crate::iam::Condition;
use crate::iam::arn::ResourcePattern;
use crate::iam::condition::operator::{Family, Operator, Quantifier};
use crate::iam::statement::Scope;
use crate::iam::variable::Template;
use crate::lower::World;
use crate::reference::Carries;

/// One authorization as IAM sees it, made by one class of principals.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) keys: &'a Keys,
    pub(super) on: Authorization<'a>,
    pub(super) holder: &'a Holder,
}

/// A condition key of a call: whether it is there, and what it holds.
pub(super) struct Seen {
    pub(super) present: String,
    pub(super) value: String,
}

impl View<'_> {
    /// The condition holds.
    pub(super) fn condition(&self, condition: &Condition) -> Result<String, Untranslatable> {
        let operator = condition.operator;
        let seen = self.key(&condition.folded_key)?;
        let present = seen.as_ref().map_or("false", |seen| seen.present.as_str());
        if operator.family == Family::Null {
            return Ok(presence(condition, present));
        }
        let texts = Texts { condition, holder: self.holder };
        let absent = texts.hold_when_absent()?;
        let Some(seen) = &seen else {
            return Ok(absent.to_string());
        };
        let lower = format!("context.iam.lower[{}]", string(&condition.folded_key));
        let value = match operator.family {
            Family::StringEqualsIgnoreCase => &lower,
            _ => &seen.value,
        };
        let holds = match operator.quantifier {
            None => texts.hold_for(value)?,
            Some(quantifier) => texts.hold_for_set(value, quantifier)?,
        };
        Ok(format!("(if {present} then {holds} else {absent})"))
    }

    /// The key of that name, in lower case; none when the call never carries it.
    pub(super) fn key(&self, key: &str) -> Result<Option<Seen>, Untranslatable> {
        let tag_key = self.world.fleet.tag_key();
        if key == self.holder.key() {
            return Ok(Some(tag_of("principal", tag_key)));
        }
        if key.starts_with("aws:principaltag/") {
            return Err(Untranslatable::new(format!("the key `{key}`")));
        }
        let of = self.world.reference.carries(self.on.api(), self.on.resource_type(), key);
        match of {
            Carries::No => Ok(None),
            Carries::Yes if key == format!("aws:resourcetag/{}", tag_key.to_lowercase()) => {
                Ok(Some(tag_of("resource", tag_key)))
            }
            Carries::Yes | Carries::Doubtful(_) => Ok(Some(self.attribute(key))),
        }
    }

    /// Whether the key is an attribute of the request, rather than a tag or absent.
    pub(super) fn is_attribute(&self, key: &str) -> bool {
        let seen = self.key(key).ok().flatten();
        seen.is_some_and(|seen| seen.value.starts_with("context."))
    }

    fn attribute(&self, key: &str) -> Seen {
        let name = string(key);
        let value = format!("context.iam.keys[{name}]");
        let present = format!("context.iam.present[{name}]");
        match self.keys.kind(key) {
            // IAM does not tell an empty list from none.
            Kind::Texts => Seen { present: format!("({present} && !{value}.isEmpty())"), value },
            Kind::Text | Kind::Flag | Kind::Arn => Seen { present, value },
        }
    }

    /// The statement is about the resource.
    pub(super) fn resource(
        &self,
        scope: Option<&Scope<ResourcePattern>>,
    ) -> Result<String, Untranslatable> {
        let matched = |patterns: &[ResourcePattern]| {
            let each: Result<Vec<_>, _> =
                patterns.iter().map(|one| self.resource_is(one.template())).collect();
            Ok(any(each?))
        };
        match scope {
            Some(Scope::Only(listed)) => matched(listed),
            Some(Scope::AllExcept(listed)) => Ok(not(&matched(listed)?)),
            None => Err(Untranslatable::new("a statement without a resource")),
        }
    }

    fn resource_is(&self, template: &Template) -> Result<String, Untranslatable> {
        let Some(tokens) = pattern::pattern(template, self.holder)? else {
            return Ok("false".to_owned());
        };
        let everything = !tokens.is_empty() && tokens.iter().all(|token| *token == pattern::ANY);
        match (everything, self.on.on) {
            (true, _) => Ok("true".to_owned()),
            (false, None) => Ok("false".to_owned()),
            (false, Some(_)) => pattern::arn("context.iam.resource", &tokens, false),
        }
    }
}

fn tag_of(entity: &str, tag_key: &str) -> Seen {
    let key = string(tag_key);
    Seen { present: format!("{entity}.hasTag({key})"), value: format!("{entity}.getTag({key})") }
}

/// `Null`: `true` asks that the key is absent.
fn presence(condition: &Condition, present: &str) -> String {
    let says = |word: &str| condition.values().iter().any(|value| value.eq_ignore_ascii_case(word));
    let absent = not(present);
    let wanted = [(says("true"), absent), (says("false"), present.to_owned())];
    any(wanted.into_iter().filter(|(said, _)| *said).map(|(_, expression)| expression))
}

/// The values of a condition, compared with what a key holds.
struct Texts<'a> {
    condition: &'a Condition,
    holder: &'a Holder,
}

impl Texts<'_> {
    fn hold_when_absent(&self) -> Result<bool, Untranslatable> {
        let Operator { quantifier, negated, if_exists, .. } = self.condition.operator;
        let variables: Result<Vec<_>, _> =
            self.condition.templates.iter().map(|one| pattern::text(one, self.holder)).collect();
        if negated && variables?.contains(&None) {
            // AWS does not say what follows.
            return Err(Untranslatable::new("a negated operator on a variable without value"));
        }
        Ok(match quantifier {
            Some(Quantifier::ForAllValues) => true,
            Some(Quantifier::ForAnyValue) => false,
            None => negated || if_exists,
        })
    }

    /// For one value.
    fn hold_for(&self, value: &str) -> Result<String, Untranslatable> {
        let each = self.condition.templates.iter().map(|template| self.matches(value, template));
        let matched = any(each.collect::<Result<Vec<_>, _>>()?);
        Ok(if self.condition.operator.negated { not(&matched) } else { matched })
    }

    fn matches(&self, value: &str, template: &Template) -> Result<String, Untranslatable> {
        let never = || "false".to_owned();
        match self.condition.operator.family {
            Family::StringLike => {
                let pattern = pattern::pattern(template, self.holder)?;
                pattern.map_or(Ok(never()), |tokens| pattern::like(value, &tokens))
            }
            Family::Arn => {
                let pattern = pattern::pattern(template, self.holder)?;
                pattern.map_or(Ok(never()), |tokens| pattern::arn(value, &tokens, true))
            }
            family => {
                let text = pattern::text(template, self.holder)?;
                text.map_or(Ok(never()), |text| equals(family, value, &text, self.condition))
            }
        }
    }

    /// For a list that is not empty.
    fn hold_for_set(&self, set: &str, quantifier: Quantifier) -> Result<String, Untranslatable> {
        let lower = self.condition.operator.family == Family::StringEqualsIgnoreCase;
        let texts = self.condition.templates.iter().map(|one| pattern::text(one, self.holder));
        let texts: Result<Vec<_>, _> = texts.collect();
        let texts = texts?.into_iter().flatten();
        let literals: Vec<String> =
            texts.map(|text| string(&if lower { text.to_lowercase() } else { text })).collect();
        if literals.is_empty() {
            return Ok(self.condition.operator.negated.to_string());
        }
        let listed = format!("[{}]", literals.join(", "));
        let (every, some) =
            (format!("{listed}.containsAll({set})"), format!("{listed}.containsAny({set})"));
        Ok(match (quantifier, self.condition.operator.negated) {
            (Quantifier::ForAllValues, false) => every,
            (Quantifier::ForAllValues, true) => not(&some),
            (Quantifier::ForAnyValue, false) => some,
            (Quantifier::ForAnyValue, true) => not(&every),
        })
    }
}

fn equals(
    family: Family,
    value: &str,
    text: &str,
    condition: &Condition,
) -> Result<String, Untranslatable> {
    match family {
        Family::StringEquals => Ok(format!("{value} == {}", string(text))),
        Family::StringEqualsIgnoreCase => {
            Ok(format!("{value} == {}", string(&text.to_lowercase())))
        }
        Family::Bool if text.eq_ignore_ascii_case("true") => Ok(value.to_owned()),
        Family::Bool if text.eq_ignore_ascii_case("false") => Ok(not(value)),
        Family::Bool => Ok("false".to_owned()),
        _ => Err(Untranslatable::new(format!("the operator `{}`", condition.operator()))),
    }
}

/// Every one of these holds.
pub(super) fn conditions(view: &View, conditions: &[Condition]) -> Result<String, Untranslatable> {
    let each = conditions.iter().map(|condition| view.condition(condition));
    Ok(all(each.collect::<Result<Vec<_>, _>>()?))
}
