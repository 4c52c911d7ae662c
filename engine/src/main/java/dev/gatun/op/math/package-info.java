/// Operators on each element by itself, shapes broadcast.
package dev.gatun.op.math;
