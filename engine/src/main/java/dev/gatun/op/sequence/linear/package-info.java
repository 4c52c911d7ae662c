/// Linear attention and its kin: recurrences whose state is a matrix for each head, from keys to
/// values, that every step fades, corrects and reads.
///
/// [FastWeights] is the one kernel, with decays of none, a head or a key, and updates that add,
/// correct ([FastWeights.Update#DELTA]) or rotate ([FastWeights.Update#DPLR]); step by step or in
/// chunks of matrix products. [LinearAttention] names its forms: retention, GLA, RWKV, the delta
/// rules, KDA.
package dev.gatun.op.sequence.linear;
