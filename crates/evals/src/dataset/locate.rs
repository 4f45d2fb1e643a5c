//! The lines at which the parts of a YAML text stand.

use kontor_core::error::TextPosition;
use saphyr_parser::{Event, Parser, Span, StrInput};

/// Where each part of a text stands, found in one reading, however many are asked for.
pub(super) struct Places(Place);

/// A value and what is in it.
struct Place {
    at: TextPosition,
    members: Vec<Member>,
    items: Vec<Place>,
}

struct Member {
    name: String,
    /// Where its name stands, which is its place.
    at: TextPosition,
    value: Place,
}

impl Places {
    /// None of a text that is no YAML.
    pub(super) fn of(yaml: &str) -> Option<Self> {
        let mut events = Parser::new_from_str(yaml);
        loop {
            match events.next_event()?.ok()? {
                (Event::StreamStart | Event::DocumentStart(_), _) => {}
                (event, span) => return Some(Self(read(&mut events, &event, span)?)),
            }
        }
    }

    /// Where the value at a path such as `cases[3].expect.state` begins; of a path that is not there, the nearest part of
    /// it that is.
    pub(super) fn position(&self, path: &str) -> TextPosition {
        let (mut place, mut at, mut rest) = (&self.0, self.0.at, path);
        while !rest.is_empty() {
            let item = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            let found = match item {
                Some((index, behind)) => {
                    let item = index.parse().ok().and_then(|index: usize| place.items.get(index));
                    item.map(|item| (item, item.at, behind))
                }
                None => place.member(rest).map(|(member, behind)| (&member.value, member.at, behind)),
            };
            let Some((value, of_value, behind)) = found else { break };
            (place, at, rest) = (value, of_value, behind.strip_prefix('.').unwrap_or(behind));
        }
        at
    }
}

impl Place {
    /// The member that a path begins with, and the rest of the path. Of names with dots in them the longest is meant.
    fn member<'p>(&self, path: &'p str) -> Option<(&Member, &'p str)> {
        let fits = |member: &&Member| {
            path.strip_prefix(&*member.name)
                .is_some_and(|behind| behind.is_empty() || behind.starts_with(['.', '[']))
        };
        let member = self.members.iter().filter(fits).max_by_key(|member| member.name.len())?;
        Some((member, path.get(member.name.len()..)?))
    }
}

type Events<'y> = Parser<'y, StrInput<'y>>;

/// The value that an event begins. None where the text ends within it.
fn read<'y>(events: &mut Events<'y>, event: &Event<'y>, span: Span) -> Option<Place> {
    let mut place = Place { at: position(span), members: Vec::new(), items: Vec::new() };
    match event {
        Event::SequenceStart(..) => loop {
            match events.next_event()?.ok()? {
                (Event::SequenceEnd, _) => break,
                (event, span) => place.items.push(read(events, &event, span)?),
            }
        },
        Event::MappingStart(..) => loop {
            let (key, at) = events.next_event()?.ok()?;
            if key == Event::MappingEnd {
                break;
            }
            read(events, &key, at)?;
            let (event, span) = events.next_event()?.ok()?;
            let value = read(events, &event, span)?;
            if let Event::Scalar(name, ..) = key {
                place.members.push(Member { name: name.into_owned(), at: position(at), value });
            }
        },
        _ => {}
    }
    Some(place)
}

fn position(span: Span) -> TextPosition {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    TextPosition { line: number(span.start.line()), column: number(span.start.col() + 1) }
}
