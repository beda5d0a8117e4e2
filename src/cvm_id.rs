//! The id of a CVM: one of five fields gives it, and it becomes one safe path segment.

use crate::url::encode;

/// A CVM's id as the API takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CvmId(String);

impl CvmId {
    /// The request's fields that can name a CVM, in the order in which they count.
    pub const FIELDS: [&str; 5] = ["id", "uuid", "app_id", "instance_id", "name"];

    /// Reads the id in one of [`Self::FIELDS`].
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
            _ if is_uuid(value) => Ok(Self(value.replace('-', ""))),
            _ if is_app_id(value) => Ok(Self(format!("app_{value}"))),
            _ => Ok(Self(value.into())),
        }
    }

    /// The path of the CVM's state, relative to the API's base URL. No id reaches any other path.
    pub fn state_path(&self) -> String {
        format!("cvms/{}/state", encode(&self.0))
    }
}

impl AsRef<str> for CvmId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// An RFC 1123 label that starts with a letter, as Phala Cloud wants a CVM's name.
fn is_name(text: &str) -> bool {
    let mut last = b'-';
    for byte in text.bytes() {
        if !(byte.is_ascii_alphanumeric() || byte == b'-' && last != b'-') {
            return false;
        }
        last = byte;
    }
    (5..=63).contains(&text.len()) && last != b'-' && text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
}

/// The digits of a version 4 UUID: `v` is its version, `n` its variant.
const UUID: &[u8] = b"xxxxxxxx-xxxx-vxxx-nxxx-xxxxxxxxxxxx";

/// A version 4 UUID, with or without each hyphen.
fn is_uuid(text: &str) -> bool {
    let mut rest = text.as_bytes();
    for pattern in UUID {
        let fits = match (pattern, rest.first()) {
            (b'-', Some(b'-')) => true,
            (b'-', _) => continue,
            (b'v', digit) => digit == Some(&b'4'),
            (b'n', digit) => matches!(digit, Some(b'8' | b'9' | b'a' | b'b' | b'A' | b'B')),
            (_, digit) => digit.is_some_and(u8::is_ascii_hexdigit),
        };
        let [_, tail @ ..] = rest else { return false };
        if !fits {
            return false;
        }
        rest = tail;
    }
    rest.is_empty()
}

fn is_app_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
