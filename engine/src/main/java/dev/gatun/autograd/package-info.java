/// Reverse mode: recorded calls and the gradients of a backward pass.
package dev.gatun.autograd;
