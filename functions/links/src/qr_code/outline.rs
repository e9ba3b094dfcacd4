//! The outline of the dark modules, in modules, as steps of a pen. Whatever draws them fills with the rule "nonzero".

use super::grid::{EYE, Grid};
use super::style::{Eyes, Shape, Style};

/// The radius of a dot, in modules: dots do not touch.
const DOT_RADIUS: f32 = 0.45;
/// The radius of the corners of rounded modules: a module alone is a circle.
const MODULE_RADIUS: f32 = 0.5;
/// The radii of the corners of a rounded eye: outside, inside, and of the square in the middle, which becomes a circle. Outside,
/// an eye keeps its corners: some readers find those of the code by them.
const EYE_RADII: [f32; 3] = [0.0, 1.0, 1.5];

/// A point, in modules from the code's upper left corner.
pub(super) type Point = (f32, f32);

/// A step of the pen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    /// Begins a closed shape.
    Move(Point),
    /// Draws a straight line.
    Line(Point),
    /// Draws a quarter of a circle around a corner: the lines before and after it would meet there.
    Quarter {
        corner: Point,
        to: Point,
    },
    Close,
}

/// Draws the outline of all dark modules.
pub(super) fn outline(grid: &Grid, style: &Style) -> Vec<Step> {
    let mut steps = Vec::new();
    let not_in_eye = |x, y| !grid.is_in_eye(x, y);
    match style.shape {
        Shape::Square => grid.runs(not_in_eye, |x, y, run| rectangle(&mut steps, at(x, y), at(run, 1), [0.0; 4])),
        Shape::Rounded => grid.runs(not_in_eye, |x, y, run| rounded_run(&mut steps, grid, x, y, run)),
        Shape::Dots => grid.runs(not_in_eye, |x, y, run| (x..x + run).for_each(|x| dot(&mut steps, x, y))),
    }
    let radii = if style.eyes == Eyes::Rounded { EYE_RADII } else { [0.0; 3] };
    for (x, y) in grid.eyes() {
        rectangle(&mut steps, at(x, y), at(EYE, EYE), [radii[0]; 4]);
        hole(&mut steps, at(x + 1, y + 1), at(EYE - 2, EYE - 2), radii[1]);
        rectangle(&mut steps, at(x + 2, y + 2), at(EYE - 4, EYE - 4), [radii[2]; 4]);
    }
    steps
}

/// Makes a point. A code has less than 200 modules in a row.
fn at(x: u32, y: u32) -> Point {
    (x as f32, y as f32)
}

/// Draws a row of modules that touch each other. A corner is round where no other module touches it at a side.
fn rounded_run(steps: &mut Vec<Step>, grid: &Grid, x: u32, y: u32, run: u32) {
    let last = x + run - 1;
    let radius = |x: u32, other_y: Option<u32>| {
        let touches = other_y.is_some_and(|y| grid.is_dark(x, y));
        if touches { 0.0 } else { MODULE_RADIUS }
    };
    let (above, below) = (y.checked_sub(1), Some(y + 1));
    rectangle(
        steps,
        at(x, y),
        at(run, 1),
        [radius(x, above), radius(last, above), radius(last, below), radius(x, below)],
    );
}

fn dot(steps: &mut Vec<Step>, x: u32, y: u32) {
    let ((x, y), inset) = (at(x, y), 0.5 - DOT_RADIUS);
    rectangle(steps, (x + inset, y + inset), (2.0 * DOT_RADIUS, 2.0 * DOT_RADIUS), [DOT_RADIUS; 4]);
}

/// Draws a rectangle clockwise. `radii` are those of its corners, from the upper left one on.
fn rectangle(steps: &mut Vec<Step>, (x, y): Point, (width, height): Point, radii: [f32; 4]) {
    let (right, bottom) = (x + width, y + height);
    let [upper_left, upper_right, lower_right, lower_left] = radii;
    steps.push(Step::Move((x + upper_left, y)));
    steps.push(Step::Line((right - upper_right, y)));
    turn(steps, (right, y), (right, y + upper_right));
    steps.push(Step::Line((right, bottom - lower_right)));
    turn(steps, (right, bottom), (right - lower_right, bottom));
    steps.push(Step::Line((x + lower_left, bottom)));
    turn(steps, (x, bottom), (x, bottom - lower_left));
    steps.push(Step::Line((x, y + upper_left)));
    turn(steps, (x, y), (x + upper_left, y));
    steps.push(Step::Close);
}

/// Draws a rectangle anticlockwise, which cuts it out of the one around it.
fn hole(steps: &mut Vec<Step>, (x, y): Point, (width, height): Point, radius: f32) {
    let (right, bottom) = (x + width, y + height);
    steps.push(Step::Move((x, y + radius)));
    steps.push(Step::Line((x, bottom - radius)));
    turn(steps, (x, bottom), (x + radius, bottom));
    steps.push(Step::Line((right - radius, bottom)));
    turn(steps, (right, bottom), (right, bottom - radius));
    steps.push(Step::Line((right, y + radius)));
    turn(steps, (right, y), (right - radius, y));
    steps.push(Step::Line((x + radius, y)));
    turn(steps, (x, y), (x, y + radius));
    steps.push(Step::Close);
}

/// Turns around a corner, unless it is sharp: the line has reached it already.
fn turn(steps: &mut Vec<Step>, corner: Point, to: Point) {
    if corner != to {
        steps.push(Step::Quarter { corner, to });
    }
}
