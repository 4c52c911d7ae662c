/// What attention is made of besides products: positions, weights, partial results.
package dev.gatun.op.sequence.attention;
