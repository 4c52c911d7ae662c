/// Views, copies, casts and fills, and what moves elements or chooses among them.
package dev.gatun.op.shape;
