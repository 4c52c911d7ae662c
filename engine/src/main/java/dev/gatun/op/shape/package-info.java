/// Views, copies, casts and fills.
package dev.gatun.op.shape;
