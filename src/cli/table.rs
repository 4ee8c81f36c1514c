//! Tables: fitted to the terminal, plain and unfolded for programs that read them.

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};

use super::output;

/// A table with these columns; a heading that begins with `>` is aligned to the right.
pub(super) fn new(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if output::is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.force_no_tty();
    }
    let heading = |column: &&str| {
        let cell = Cell::new(column.trim_start_matches('>'));
        if console::colors_enabled() { cell.add_attribute(Attribute::Bold) } else { cell }
    };
    table.set_header(columns.iter().map(heading));
    for (index, column) in columns.iter().enumerate() {
        if let Some(found) = table.column_mut(index) {
            if index == 0 {
                found.set_padding((0, 1));
            }
            if column.starts_with('>') {
                found.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    table
}

/// A state's word with its colour: shape by the word, so that it reads without colour too.
pub(super) fn state(label: &str) -> Cell {
    let color = match label {
        "succeeded" | "held" | "delivered" | "ok" => Color::Green,
        "failed" | "timed_out" | "lost" | "given_up" | "problem" | "unreachable" => Color::Red,
        "running" => Color::Cyan,
        "retrying" | "waiting" | "queued" | "paused" | "pending" | "warning" => Color::Yellow,
        _ => return Cell::new(label),
    };
    let cell = Cell::new(label);
    if console::colors_enabled() { cell.fg(color) } else { cell }
}
