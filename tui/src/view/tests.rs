use super::*;
use crate::fixture::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn text(app: &mut App, width: u16, height: u16, now_ns: u64) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app, now_ns)).unwrap();
    terminal.backend().to_string()
}

#[test]
fn look() {
    for (w, h) in [(80, 24), (120, 40)] {
        let mut a = app(100);
        a.apply(build());
        println!("{}", text(&mut a, w, h, START + 9 * S));
        a.act(crate::action::Action::ToggleTree);
        println!("{}", text(&mut a, w, h, START + 9 * S));
        a.act(crate::action::Action::Details);
        println!("{}", text(&mut a, w, h, START + 9 * S));
    }
}
