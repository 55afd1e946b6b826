//! How the dialog looks: the screen with the list, the panels that lie over it, and one item side by
//! side. Pure functions of the state.

pub(super) mod panels;
pub(super) mod screen;
pub(super) mod side;
