/// Layers of state space models: S4, S4D, and what came before them.
package dev.gatun.nn.s4;
