/// State space duality: Mamba-2's scan in matrix products, and the quasiseparable mixer upon it.
package dev.gatun.op.sequence.ssd;
