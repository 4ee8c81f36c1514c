//! The next action of a run, decided from what is recorded and from the time. Written by the engine's author.
