/// Losses.
package dev.gatun.op.loss;
