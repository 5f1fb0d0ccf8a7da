//! Texts and lists of them, as the schema has them: exact bytes, without a copy where none is needed.

use crate::event::Flags;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A string, or bytes in base64.
#[derive(Debug)]
pub(super) struct Text<'a>(pub(super) Cow<'a, [u8]>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or {\"base64\": …}")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text.as_bytes())))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.as_bytes().to_vec())))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text<'de>, A::Error> {
                let wrong = || A::Error::custom("expected the key `base64` alone");
                let (key, value) = map.next_entry::<String, String>()?.ok_or_else(wrong)?;
                if key != "base64" || map.next_key::<String>()?.is_some() {
                    return Err(wrong());
                }
                let bytes = STANDARD.decode(value);
                let bytes = bytes.map_err(|error| A::Error::custom(format!("base64: {error}")))?;
                Ok(Text(Cow::Owned(bytes)))
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

/// A list of texts, each ended by a NUL.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The texts.
    pub(super) bytes: Vec<u8>,
    /// Bit `i`: text `i` is null.
    pub(super) holes: u64,
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Words;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of texts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
                let mut words = Words {
                    bytes: Vec::with_capacity(128),
                    holes: 0,
                };
                let mut number = 0_u32;
                while let Some(text) = list.next_element::<Option<Text<'de>>>()? {
                    match text {
                        Some(text) => words.bytes.extend_from_slice(&text.0),
                        None => words.holes |= 1_u64.checked_shl(number).unwrap_or(0),
                    }
                    words.bytes.push(0);
                    number = number.saturating_add(1);
                }
                Ok(words)
            }
        }
        deserializer.deserialize_seq(Reads)
    }
}

/// The words of an exec's flags; those that are not known are left out.
#[derive(Debug, Default)]
pub(super) struct WrittenFlags(pub(super) Flags);

impl<'de> Deserialize<'de> for WrittenFlags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = WrittenFlags;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of words")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<WrittenFlags, A::Error> {
                let mut flags = Flags::default();
                while let Some(word) = list.next_element::<Text<'de>>()? {
                    for (flag, name, _) in Flags::WORDS {
                        flags.set(flag, *word.0 == *name.as_bytes());
                    }
                }
                Ok(WrittenFlags(flags))
            }
        }
        deserializer.deserialize_seq(Reads)
    }
}
