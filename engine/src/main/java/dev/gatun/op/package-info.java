/// The contract of an operator: what it infers, computes, differentiates and costs.
package dev.gatun.op;
