//! Text.

/// Texts with a separator between them. (The standard library's `join` is ten times as large in WebAssembly.)
pub fn join(texts: &[String], separator: &str) -> String {
    let mut joined = String::new();
    for text in texts {
        if !joined.is_empty() {
            joined.push_str(separator);
        }
        joined.push_str(text);
    }
    joined
}
