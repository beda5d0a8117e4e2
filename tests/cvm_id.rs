//! The id of a CVM: one of five fields gives it, and it becomes one safe path segment.
#![cfg(not(target_arch = "wasm32"))]

use cvm_watch::CvmId;

const UUID: &str = "550e8400-e29b-41d4-a716-446655440000";
const HEX40: &str = "50b0e827cc6c53f4010b57e588a18c5ef9388cc1";

fn id(field: &str, value: &str) -> String {
    CvmId::new(field, value).unwrap_or_else(|rule| panic!("{field} {value}: {rule}")).as_ref().to_owned()
}

#[test]
fn a_uuid_loses_its_hyphens() {
    for field in ["id", "uuid", "app_id", "instance_id"] {
        assert_eq!(id(field, UUID), "550e8400e29b41d4a716446655440000");
    }
    assert_eq!(id("id", "550e8400e29b-41d4a716-446655440000"), "550e8400e29b41d4a716446655440000");
    assert_eq!(id("uuid", "550E8400E29B41D4A716446655440000"), "550E8400E29B41D4A716446655440000");
}

#[test]
fn another_version_variant_or_length_is_no_uuid() {
    for almost in [
        "550e8400-e29b-11d4-a716-446655440000",  // version 1
        "550e8400-e29b-41d4-c716-446655440000",  // another variant
        "550e8400-e29b-41d4-a716-44665544000",   // a digit short
        "550e8400-e29b-41d4-a716-4466554400000", // a digit long
        "550e8400--e29b-41d4-a716-446655440000",
        "550e840-0e29b-41d4-a716-446655440000",
        "550e8400-e29b-41d4-a716-44665544000g",
        "-550e8400-e29b-41d4-a716-446655440000",
        "550e8400-e29b-41d4-a716-446655440000-",
        "ééé",
    ] {
        assert_eq!(id("id", almost), almost);
        CvmId::new("uuid", almost).expect_err(almost);
    }
}

#[test]
fn forty_hexadecimal_digits_get_the_app_prefix() {
    for field in ["id", "app_id", "instance_id"] {
        assert_eq!(id(field, HEX40), format!("app_{HEX40}"));
    }
    assert_eq!(id("id", &HEX40.to_uppercase()), format!("app_{}", HEX40.to_uppercase()));
    assert_eq!(id("app_id", &format!("app_{HEX40}")), format!("app_{HEX40}"));
    assert_eq!(id("id", &HEX40[1..]), HEX40[1..]);
}

#[test]
fn a_name_is_an_rfc_1123_label_of_5_to_63_characters_and_used_as_it_is() {
    for name in ["my-app", "abcde", "A2345", "a-b-c-d", &"a".repeat(63)] {
        assert_eq!(id("name", name), name);
    }
    for name in
        ["abcd", &"a".repeat(64), "1abcd", "-abcd", "abcd-", "ab--cd", "ab_cd", "ab.cd", "abcdé", UUID, " abcde"]
    {
        CvmId::new("name", name).expect_err(name);
    }
    let hexadecimal_name = "abcdef0123456789abcdef0123456789abcdef01";
    assert_eq!(id("name", hexadecimal_name), hexadecimal_name);
}

#[test]
fn anything_else_is_unchanged() {
    for other in ["my-app", "x", "instance_1", " spaced ", "a/b", "日本"] {
        assert_eq!(id("id", other), other);
    }
}

#[test]
fn no_id_reaches_another_path() {
    for relative in ["", ".", ".."] {
        for field in CvmId::FIELDS {
            CvmId::new(field, relative).expect_err(relative);
        }
    }
    for (hostile, segment) in [
        ("../..", "..%2F.."),
        ("a/../b", "a%2F..%2Fb"),
        ("a?b=c", "a%3Fb%3Dc"),
        ("a#b", "a%23b"),
        ("a\\b", "a%5Cb"),
        ("%2e%2e", "%252e%252e"),
        ("a\r\nX-Y: z", "a%0D%0AX-Y%3A%20z"),
        ("a;b@c:d", "a%3Bb%40c%3Ad"),
        ("\u{0}\u{7f}é", "%00%7F%C3%A9"),
        ("...", "..."),
    ] {
        assert_eq!(CvmId::new("id", hostile).unwrap().state_path(), format!("cvms/{segment}/state"));
    }
}
