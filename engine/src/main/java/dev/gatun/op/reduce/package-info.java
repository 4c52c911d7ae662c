/// Operators that combine the elements along axes: sums, maxima, softmax, norms.
package dev.gatun.op.reduce;
