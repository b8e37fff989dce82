//! What the values of a condition key are.

/// The type of a condition key, and whether it may hold several values (Service Authorization Reference,
/// "Condition keys table").
///
/// ```
/// # fn main() -> Result<(), &'static fortem_compile::reference::ReferenceError> {
/// use fortem_compile::reference::{KeyType, Reference, ValueType};
///
/// let reference = Reference::builtin()?;
/// let tag_keys = KeyType { value: ValueType::String, multivalued: true };
/// assert_eq!(reference.key_type("aws:TagKeys"), Some(tag_keys));
/// let cluster = KeyType { value: ValueType::Arn, multivalued: false };
/// assert_eq!(reference.key_type("ECS:Cluster"), Some(cluster));
/// assert_eq!(reference.key_type("ecs:no-such-key"), None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyType {
    /// The type of each value.
    pub value: ValueType,
    /// Whether a request may have several values, so that conditions on the key want `ForAllValues` or
    /// `ForAnyValue`.
    pub multivalued: bool,
}

/// The type of a value, which says what operators compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
    /// Any text.
    String,
    /// An Amazon Resource Name.
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// A point in time.
    Date,
    /// An IPv4 or IPv6 address.
    IpAddress,
}

impl KeyType {
    /// Reads the type as the reference writes it, `ArrayOf` for several values.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (text, multivalued) = match text.strip_prefix("ArrayOf") {
            Some(each) => (each, true),
            None => (text, false),
        };
        let value = match text {
            "String" => ValueType::String,
            "ARN" => ValueType::Arn,
            "Bool" => ValueType::Bool,
            "Numeric" => ValueType::Numeric,
            "Date" => ValueType::Date,
            "IPAddress" => ValueType::IpAddress,
            _ => return None,
        };
        Some(Self { value, multivalued })
    }
}
