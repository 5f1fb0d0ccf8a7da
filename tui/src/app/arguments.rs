//! What could stand behind a command's name in the palette.

use super::commands::{Command, Takes, title_key};
use super::completing;
use super::offers::{Offer, Offers};
use super::{App, View};
use crate::field::{self, FIELDS, Field};
use crate::filter::seen::Seen;
use crate::pivot::by::suits;
use crate::store::{Entry, EntryId};

/// So many of the newest entries are looked at for pids to offer.
const NEWEST: usize = 200;

impl App {
    /// Returns what could stand at the cursor behind a command's name.
    pub(super) fn args_for(
        &self,
        (command, from): (&Command, usize),
        text: &str,
        cursor: usize,
        asked: bool,
        seen: &mut Option<Seen>,
    ) -> Offers {
        if command.takes == Takes::Filter {
            let (Some(args), Some(cursor)) = (text.get(from..), cursor.checked_sub(from)) else {
                return Offers::default();
            };
            let names = &self.options.names;
            let mut offers = completing::in_filter(args, cursor, asked, seen, &self.model, names);
            offers.range = offers.range.start + from..offers.range.end + from;
            return offers;
        }
        let Some(args) = text.get(from..cursor) else {
            return Offers::default();
        };
        let several = matches!(command.takes, Takes::Group | Takes::Columns);
        let start = args.rfind(',').filter(|_| several).map_or(0, |at| at + 1);
        let part = args.get(start..).unwrap_or_default();
        let typed = part.trim_start().trim_start_matches('-');
        let rest = text.get(cursor..).unwrap_or_default();
        let rest = rest.find([',', ' ']).unwrap_or(rest.len());
        let before = args.get(..start).unwrap_or_default();
        let there = |key: &str| before.split(',').any(|known| known.trim() == key);
        let of_field = |field: &Field| Offer::new(field.key, field.doc);
        let list: Vec<Offer> = match command.takes {
            Takes::Group => FIELDS.iter().filter(|f| suits(f)).map(of_field).collect(),
            Takes::Sort if self.order().is_some() => {
                let columns = self.order_columns().into_iter();
                columns
                    .map(|(_, (title, doc))| Offer::new(title_key(&title), doc))
                    .collect()
            }
            Takes::Columns | Takes::Sort => FIELDS.iter().map(of_field).collect(),
            Takes::View => {
                let names = View::names().into_iter().zip(1..);
                names
                    .map(|(name, key)| Offer::new(name, format!("also by the key {key}")))
                    .collect()
            }
            Takes::Pid => self.newest_pids(),
            Takes::Filter | Takes::Nothing => Vec::new(),
        };
        let wanted = typed.to_lowercase();
        let fits = |offer: &Offer| offer.text.contains(&wanted) && offer.text != wanted;
        let list = list
            .into_iter()
            .filter(|offer| fits(offer) && !there(&offer.text));
        let (mut list, others): (Vec<_>, Vec<_>) =
            list.partition(|offer| offer.text.starts_with(&wanted));
        list.extend(others);
        Offers {
            range: cursor - typed.len()..cursor + rest,
            list,
            ..Offers::default()
        }
    }

    fn newest_pids(&self) -> Vec<Offer> {
        let mut pids: Vec<(u32, EntryId)> = Vec::new();
        for (id, entry) in self.model.store.iter().rev().take(NEWEST) {
            if let Entry::Row(row) = entry
                && !pids.iter().any(|(pid, _)| *pid == row.exec.pid)
            {
                pids.push((row.exec.pid, id));
            }
        }
        let offer = |(pid, id): (u32, EntryId)| {
            let line = self.model.store.row(id).map(field::command_line);
            let line: String = line.unwrap_or_default().chars().take(60).collect();
            Offer::new(pid.to_string(), line)
        };
        pids.into_iter().map(offer).collect()
    }
}
