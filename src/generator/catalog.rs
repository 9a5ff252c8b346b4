//! The catalogue: what each category sells, at what price, under which names. Built in, or a user's own file.

use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::alias::AliasTable;
use super::template::{PLACEHOLDERS, Template};
use super::toml_file::{TomlFile, check_weights};
use crate::error::Failure;

const BUILT_IN: &str = include_str!("data/catalog.toml");
/// Number of positions a row can name.
const MOST_CATEGORIES: usize = 200;
/// Dearest price a file may ask for, KRW; keeps every sum of an order far inside 64 bits.
const DEAREST: i64 = 1_000_000_000;

/// Everything that is sold.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The categories; rows refer to them by position.
    pub categories: Vec<Category>,
}

/// One category.
#[derive(Clone, Debug)]
pub struct Category {
    /// Id, as scenario files name it.
    pub id: String,
    /// Korean name, as stored.
    pub name: String,
    /// English name, for tables on a terminal.
    pub english: String,
    /// Lowest and highest basic price, KRW.
    pub price: [i64; 2],
    /// How often its products are bought.
    pub frequency: f64,
    /// Weights of 1, 2, … pieces.
    pub quantity_weights: Vec<f64>,
    /// Draws pieces of an item (index + 1).
    pub quantity: AliasTable,
    /// Whether something is sent; false for flights, stays and tickets.
    pub shipped: bool,
    /// Premium brands, then the others.
    pub brands: Vec<Arc<str>>,
    /// How many of the brands are premium.
    pub premium_brands: usize,
    /// Prefixes for some of the names; may be empty.
    pub promotions: Vec<String>,
    /// Adjectives that fit every noun.
    pub qualities: Vec<String>,
    /// Sentences with placeholders.
    pub descriptions: Vec<Template>,
    /// Nouns with the options that fit them.
    pub lines: Vec<Line>,
}

/// Nouns that share their options.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What is sold.
    pub nouns: Vec<String>,
    /// Size, colour, term and the like.
    pub options: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    category: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Spanned<String>,
    name: Spanned<String>,
    english: String,
    price: Spanned<[i64; 2]>,
    frequency: Spanned<f64>,
    quantity: Spanned<Vec<f64>>,
    shipped: bool,
    premium_brands: Vec<String>,
    brands: Spanned<Vec<String>>,
    #[serde(default)]
    promotions: Vec<String>,
    qualities: Spanned<Vec<String>>,
    descriptions: Spanned<Vec<String>>,
    line: Vec<Spanned<Line>>,
}

impl Catalog {
    /// The 19 categories of the specification.
    ///
    /// # Errors
    /// When the file compiled in is wrong, which a test rules out.
    pub fn built_in() -> Result<Self, Failure> {
        Self::parse(&TomlFile::new("built-in catalog.toml", BUILT_IN))
    }

    /// The categories of a file.
    ///
    /// # Errors
    /// A [`Failure`] with the line and the reason.
    pub fn parse(file: &TomlFile<'_>) -> Result<Self, Failure> {
        let parsed: File = file.parse()?;
        if parsed.category.is_empty() || parsed.category.len() > MOST_CATEGORIES {
            return Err(file.refuse_whole(format!("a catalogue has 1–{MOST_CATEGORIES} categories")));
        }
        let mut categories: Vec<Category> = Vec::with_capacity(parsed.category.len());
        for entry in parsed.category {
            if categories.iter().any(|known| known.id == *entry.id.get_ref()) {
                return Err(file.refuse(&entry.id, format!("category {:?} is defined twice", entry.id.get_ref())));
            }
            if categories.iter().any(|known| known.name == *entry.name.get_ref()) {
                return Err(file.refuse(&entry.name, format!("two categories are named {:?}", entry.name.get_ref())));
            }
            categories.push(entry.check(file)?);
        }
        Ok(Self { categories })
    }

    /// The categories' ids, in order.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        self.categories.iter().map(|category| category.id.as_str()).collect()
    }
}

impl Entry {
    fn check(self, file: &TomlFile<'_>) -> Result<Category, Failure> {
        if self.id.get_ref().is_empty() || self.name.get_ref().trim().is_empty() {
            return Err(file.refuse(&self.id, "a category needs an id and a name"));
        }
        let [low, high] = *self.price.get_ref();
        if low < 100 || high < low || high > DEAREST {
            let reason = format!("a price range is [lowest, highest] in whole KRW, 100 to {DEAREST}");
            return Err(file.refuse(&self.price, reason));
        }
        let frequency = *self.frequency.get_ref();
        if !(frequency.is_finite() && frequency > 0.0) {
            return Err(file.refuse(&self.frequency, "a frequency is a weight above 0"));
        }
        check_weights(file, &self.quantity, "quantity", None)?;
        if self.quantity.get_ref().len() > 100 {
            return Err(file.refuse(&self.quantity, "nobody buys more than 100 pieces of one item"));
        }
        if self.premium_brands.is_empty() && self.brands.get_ref().is_empty() {
            return Err(file.refuse(&self.brands, "a category needs a brand"));
        }
        for (list, what) in [(&self.qualities, "quality"), (&self.descriptions, "description")] {
            if list.get_ref().is_empty() {
                return Err(file.refuse(list, format!("a category needs at least one {what}")));
            }
        }
        let descriptions = self.descriptions.get_ref().iter().map(|text| {
            Template::parse(text).map_err(|unknown| {
                let reason = format!("{{{unknown}}} is no placeholder; there are {}", PLACEHOLDERS.join(", "));
                file.refuse(&self.descriptions, reason)
            })
        });
        let descriptions = descriptions.collect::<Result<_, _>>()?;
        if self.line.is_empty() {
            return Err(file.refuse(&self.id, "a category needs at least one [[category.line]]"));
        }
        for line in &self.line {
            if line.get_ref().nouns.is_empty() || line.get_ref().options.is_empty() {
                return Err(file.refuse(line, "a line needs at least one noun and one option"));
            }
        }
        let quantity_weights = self.quantity.into_inner();
        let premium_brands = self.premium_brands.len();
        let brands = self.premium_brands.into_iter().chain(self.brands.into_inner()).map(Arc::from).collect();
        Ok(Category {
            id: self.id.into_inner(),
            name: self.name.into_inner(),
            english: self.english,
            price: self.price.into_inner(),
            frequency,
            quantity: AliasTable::new(&quantity_weights),
            quantity_weights,
            shipped: self.shipped,
            brands,
            premium_brands,
            promotions: self.promotions,
            qualities: self.qualities.into_inner(),
            descriptions,
            lines: self.line.into_iter().map(Spanned::into_inner).collect(),
        })
    }
}
