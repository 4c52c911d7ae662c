/// State space models whose kernels are sums over modes: HiPPO's matrices, the Cauchy and
/// Vandermonde sums, and S4, S4D and DSS on them; and models with any dense matrix.
package dev.gatun.op.sequence.s4;
