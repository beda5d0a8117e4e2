//! Which CVM: five ways to name one, one safe path segment.

use alloc::string::String;

use crate::text::concat;
use crate::url::encode;

/// A CVM's id as the API takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CvmId(String);

impl CvmId {
    /// The request's fields that can name a CVM, in the order in which they count.
    pub const FIELDS: [&str; 5] = ["id", "uuid", "app_id", "instance_id", "name"];

    /// Reads the id that stands in one of [`Self::FIELDS`].
    ///
    /// A UUID loses its hyphens and 40 hexadecimal digits get the prefix `app_`; a name, and anything else, stays as it
    /// is. (The rules of the published SDK.)
    ///
    /// # Errors
    /// What the field must be, in words that follow "must be".
    pub fn new(field: &str, value: &str) -> Result<Self, &'static str> {
        match field {
            "name" if !is_name(value) => {
                Err("5 to 63 letters, digits and single hyphens, starting with a letter and not ending with a hyphen")
            }
            "name" => Ok(Self(value.into())),
            "uuid" if !is_uuid(value) => Err("a version 4 UUID, each hyphen optional"),
            // Percent-encoding does not protect them: URLs resolve them away, and the path with them.
            _ if matches!(value, "" | "." | "..") => Err("something other than a relative path"),
            _ if is_uuid(value) => Ok(Self(value.chars().filter(|char| *char != '-').collect())),
            _ if is_app_id(value) => Ok(Self(concat(&["app_", value]))),
            _ => Ok(Self(value.into())),
        }
    }

    /// The path of the CVM's state, relative to the API's base URL. No id reaches any other path.
    pub fn state_path(&self) -> String {
        concat(&["cvms/", &encode(&self.0), "/state"])
    }
}

impl AsRef<str> for CvmId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// An RFC 1123 label that starts with a letter, as Phala Cloud wants a CVM's name.
fn is_name(text: &str) -> bool {
    (5..=63).contains(&text.len())
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && text.as_bytes().windows(2).all(|pair| pair != b"--")
        && !text.ends_with('-')
}

/// 8-4-4-4-12 hexadecimal digits of version 4, with or without each hyphen.
fn is_uuid(text: &str) -> bool {
    let mut rest = text.as_bytes();
    for (group, first) in [(8, ""), (4, ""), (4, "4"), (4, "89abAB"), (12, "")] {
        if group != 8 {
            rest = rest.strip_prefix(b"-").unwrap_or(rest);
        }
        let Some((digits, tail)) = rest.split_at_checked(group) else { return false };
        if !digits.iter().all(u8::is_ascii_hexdigit)
            || !(first.is_empty() || first.bytes().any(|fit| digits.first() == Some(&fit)))
        {
            return false;
        }
        rest = tail;
    }
    rest.is_empty()
}

fn is_app_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
