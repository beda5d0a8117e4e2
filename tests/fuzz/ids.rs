//! Ids: the rules for a CVM's id against a naive version of them, and the path with the id against a URL parser.

use cvm_watch::CvmId;
use percent_encoding::percent_decode_str;
use url::Url;

pub const WORDS: &[&[u8]] = &[
    b"550e8400-e29b-41d4-a716-446655440000",
    b"550e8400e29b41d4a716446655440000",
    b"4",
    b"89abAB",
    b"-",
    b"--",
    b"0",
    b"50b0e827cc6c53f4010b57e588a18c5ef9388cc1",
    b"app_",
    b"my-app",
    b"a",
    b"Z",
    b".",
    b"..",
    b"/",
    b"\\",
    b"%2e",
    b"%2E%2e",
    b"%",
    b"%00",
    b"?",
    b"#",
    b"@",
    b":",
    b";",
    b"&",
    b"=",
    b"\r\n",
    b"\t",
    b"\0",
    b" ",
    b"//evil.example",
    b"\xe2\x80\xae",
    "é".as_bytes(),
    "．".as_bytes(),
    "。".as_bytes(),
    "／".as_bytes(),
    "\u{ad}".as_bytes(),
    "\u{200d}".as_bytes(),
    b"\x7f",
];

/// The first byte says which field; the rest is its value.
pub fn check(input: &[u8]) {
    let (field, value) = input.split_first().unwrap_or((&0, &[]));
    let field = CvmId::FIELDS[usize::from(*field) % CvmId::FIELDS.len()];
    let value = String::from_utf8_lossy(value);
    let id = CvmId::new(field, &value).ok();
    assert_eq!(id.as_ref().map(AsRef::as_ref), naive(field, &value).as_deref(), "{field}: {value:?}");
    if let Some(id) = id {
        reaches_its_own_path_only(&id);
    }
}

/// The id that a field's value gives, if it is allowed.
pub fn naive(field: &str, value: &str) -> Option<String> {
    let is_uuid = is_uuid(value);
    let is_name = (5..=63).contains(&value.chars().count())
        && value.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
        && value.chars().next().is_some_and(char::is_alphabetic)
        && value.split('-').all(|part| !part.is_empty());
    match field {
        "name" => is_name.then(|| value.into()),
        "uuid" if !is_uuid => None,
        _ if ["", ".", ".."].contains(&value) => None,
        _ if is_uuid => Some(value.chars().filter(|char| *char != '-').collect()),
        _ if value.chars().count() == 40 && value.chars().all(|char| char.is_ascii_hexdigit()) => {
            Some("app_".to_owned() + value)
        }
        _ => Some(value.into()),
    }
}

/// One of the 16 ways to write its 32 digits with each of the four hyphens or without.
fn is_uuid(value: &str) -> bool {
    let digits: String = value.chars().filter(|char| *char != '-').collect();
    if digits.len() != 32 || !digits.chars().all(|char| char.is_ascii_hexdigit()) {
        return false;
    }
    let ways = (0..16).map(|hyphens: u8| {
        let mut way = digits.clone();
        for (bit, place) in [20, 16, 12, 8].into_iter().enumerate() {
            if hyphens & 1 << bit > 0 {
                way.insert(place, '-');
            }
        }
        way
    });
    digits[12..].starts_with('4')
        && digits[16..].starts_with(['8', '9', 'a', 'b', 'A', 'B'])
        && ways.into_iter().any(|way| way == value)
}

/// Whatever the id, a URL parser sees one more segment, and in it the id.
pub fn reaches_its_own_path_only(id: &CvmId) {
    let path = id.state_path();
    let url = Url::parse("https://api.example:8443/api/v1/").unwrap().join(&path).unwrap();
    assert_eq!(url.origin().ascii_serialization(), "https://api.example:8443", "{path}");
    let segments: Vec<_> = url.path_segments().unwrap().collect();
    let &["api", "v1", "cvms", segment, "state"] = segments.as_slice() else { panic!("{path} is {segments:?}") };
    assert_eq!(percent_decode_str(segment).decode_utf8().unwrap(), id.as_ref());
    assert_eq!((url.query(), url.fragment(), url.username(), url.password()), (None, None, "", None), "{path}");
    assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{path}");
}
