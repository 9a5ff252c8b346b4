//! Closed sets of values that are stored as text: each variant has one spelling, the same in every sink.

/// Defines a field-less enum whose variants are stored as the given text.
macro_rules! label_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[cfg_attr(test, derive(::schemars::JsonSchema))]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value, in the order of the specification's tables.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// How the value is written in tables, files and messages.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value's position in [`Self::ALL`].
            #[must_use]
            pub const fn code(self) -> u8 {
                self as u8
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::labels::UnknownLabel;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    $crate::domain::labels::UnknownLabel { kind: stringify!($name), text: text.to_owned() }
                })
            }
        }
    };
}
pub(crate) use label_enum;

/// A text that is none of a closed set's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLabel {
    /// The set, by its Rust name.
    pub kind: &'static str,
    /// What was found instead.
    pub text: String,
}

impl std::fmt::Display for UnknownLabel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is not a {}", self.text, self.kind)
    }
}

impl std::error::Error for UnknownLabel {}

label_enum! {
    /// A customer's gender.
    Gender {
        /// Female.
        Female = "F",
        /// Male.
        Male = "M",
    }
}

label_enum! {
    /// Whether a customer still visits the shop.
    CustomerStatus {
        /// Visits and buys.
        Active = "ACTIVE",
        /// Has not been seen for long, and is drawn less often.
        Dormant = "DORMANT",
    }
}

label_enum! {
    /// What became of an order. Only completed ones count towards grades.
    OrderStatus {
        /// Paid, delivered, kept.
        Completed = "COMPLETED",
        /// Called off before delivery.
        Cancelled = "CANCELLED",
        /// Delivered and sent back.
        Refunded = "REFUNDED",
    }
}

label_enum! {
    /// How an order was paid.
    Payment {
        /// Credit or debit card.
        Card = "Card",
        /// Naver's wallet.
        NaverPay = "NaverPay",
        /// Kakao's wallet.
        KakaoPay = "KakaoPay",
        /// Bank transfer.
        Bank = "Bank",
    }
}
