package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;

/// Attention over keys that are rounded to the nearest of `C` codewords, in time linear in their
/// number.
///
/// Keys with one codeword have one score, so all of them together are one key, that codeword, with
/// a bias of `log n_c` and the mean of their `n_c` values: `T C` pairs instead of `T T`. Causally,
/// in blocks of `L` positions: counts and sums of all blocks before, as running sums, and the
/// block's own rounded keys one by one, `T (C + L / 2)` pairs; running sums take `T / L` times `C
/// Dv` numbers, so `L` of about `C` costs no more memory than the values.
///
/// Equal to dense attention over `codebook[codes]`, to rounding. Gradients of `q`, `v` and the
/// codebook are those of that attention with the codes held fixed; `k` has none, for it only
/// chooses. Codewords learn by [KMeans#step], or, being [KMeans#means] of the keys, pass their
/// gradient on to these. Sources: Lingle, Transformer-VQ, arXiv 2309.16354, sections 3.1 and 3.2
/// (theorems 3.6, 3.7); LongVQ, arXiv 2404.11163.
public final class CodebookAttention {
  private static final String NAME = "CodebookAttention";

  private CodebookAttention() {}

  /// What it gives, and the codes.
  ///
  /// @param o weighted means of the values, `[B, H, Sq, Dv]`
  /// @param lse logarithm of the softmax's sum, `[B, H, Sq]`
  /// @param codes the codeword of each key, I64 `[B, Hk, Sk]`
  /// @param visiblePairs pairs of queries and codewords or keys, of all heads
  public record Result(Tensor o, Tensor lse, Tensor codes, long visiblePairs) {}

  /// Every query sees every key.
  ///
  /// @param codebook codewords, `[Hk, C, D]` or `[1, C, D]`
  /// @param options scale, cap and no mask
  /// @throws IllegalArgumentException if shapes, types or options do not fit
  public static Result of(Tensor q, Tensor k, Tensor v, Tensor codebook, AttentionOptions options) {
    Inputs.qkv(q, k, v);
    Inputs.plain(NAME, options, Mask.none());
    Tensor codes = KMeans.assign(k, codebook);
    long count = codebook.dim(1);
    Tensor keys = codebook.broadcastTo(Shape.of(k.dim(0), k.dim(1), count, k.dim(3)));
    Tensor counts = Rows.counts(q.dtype(), codes, count);
    Tensor values = Rows.sums(v, codes, count).div(counts.maximum(1));
    Tensor bias = counts.log().transpose().repeat(1, q.dim(1) / k.dim(1));
    Attention.Result r = Attention.of(q, keys, values, options.with(Operand.BIAS, bias));
    long pairs = q.dim(0) * q.dim(1) * q.dim(2) * count;
    return new Result(r.o(), r.lse(), codes, pairs);
  }

  /// No query sees a later key.
  ///
  /// @param codebook codewords, `[Hk, C, D]` or `[1, C, D]`
  /// @param block positions of a block
  /// @param options scale, cap and the mask [Mask#causal]
  /// @throws IllegalArgumentException if queries and keys differ in number, `block` is less than 1,
  ///   or shapes, types or options do not fit
  public static Result causal(
      Tensor q, Tensor k, Tensor v, Tensor codebook, long block, AttentionOptions options) {
    Inputs.qkv(q, k, v);
    Inputs.plain(NAME, options, Mask.causal());
    Inputs.require(block >= 1, NAME, "block must be at least 1, not " + block, q, k);
    long n = k.dim(2);
    Inputs.require(q.dim(2) == n && n > 0, NAME, "there must be a key for each query", q, k);
    Tensor codes = KMeans.assign(k, codebook);
    Blocks b = new Blocks(k.dim(0), k.dim(1), (n + block - 1) / block, block, codebook.dim(1));
    long more = b.blocks() * block - n;
    Tensor padded = padded(codes, more);
    Past past = past(b, padded(v, more), padded);
    Tensor heads =
        codebook
            .reshape(1, codebook.dim(0), 1, b.codes(), k.dim(3))
            .broadcastTo(Shape.of(b.batch(), b.heads(), b.blocks(), b.codes(), k.dim(3)));
    Tensor local =
        Rows.select(
            codebook.broadcastTo(Shape.of(b.batch(), b.heads(), b.codes(), k.dim(3))), padded);
    Tensor keys = b.fold(heads, b.codes()).concat(2, b.fold(local, block));
    Tensor values = past.means().concat(2, b.fold(padded(v, more), block));
    long group = q.dim(1) / k.dim(1);
    Runs runs = new Runs(block);
    for (long i = 0; i < block; i++) {
      runs.set(i, 0, b.codes(), b.codes(), b.codes() + i + 1);
    }
    Tensor bias = past.logs().pad(3, 0, block).repeat(1, group);
    Attention.Result r =
        Attention.of(
            b.foldQueries(padded(q, more), group),
            keys,
            values,
            options
                .withMask(Mask.none())
                .with(Operand.RUNS, runs.in(Inputs.scope(q, k, v)))
                .with(Operand.BIAS, bias));
    Tensor o = b.unfold(r.o(), group).slice(2, 0, n);
    Tensor lse = b.unfold(r.lse().unsqueeze(3), group).slice(2, 0, n).squeeze(3);
    return new Result(o, lse, codes, q.dim(0) * q.dim(1) * b.pairs(n));
  }

  private static Tensor padded(Tensor x, long more) {
    return more == 0 ? x : x.pad(2, 0, more);
  }

  /// Of the blocks before each one: means of the values and logarithms of the counts by codeword.
  private record Past(Tensor means, Tensor logs) {}

  private static Past past(Blocks b, Tensor v, Tensor codes) {
    Scope scope = codes.scope();
    Tensor number = Rows.upTo(scope, b.blocks()).mul((double) b.codes()).repeat(0, b.block());
    Tensor index = codes.add(number);
    long all = b.blocks() * b.codes();
    Tensor counts = before(b, Rows.counts(v.dtype(), index, all));
    Tensor sums = before(b, Rows.sums(v, index, all));
    return new Past(sums.div(counts.maximum(1)), counts.log().transpose());
  }

  /// Running sums `[B Hk, blocks, C, D]` over the blocks before.
  private static Tensor before(Blocks b, Tensor x) {
    return b.fold(x, b.codes()).cumSum(1, false, true);
  }

  /// Heads of keys in blocks: each block becomes a head.
  private record Blocks(long batch, long heads, long blocks, long block, long codes) {
    /// `[B, Hk, .., D]` as `[B Hk, blocks, rows, D]`.
    Tensor fold(Tensor x, long rows) {
      return x.reshape(batch * heads, blocks, rows, x.dim(-1));
    }

    /// Queries `[B, H, blocks L, D]` as `[B Hk, blocks group, L, D]`.
    Tensor foldQueries(Tensor q, long group) {
      return q.reshape(batch * heads, group, blocks, block, q.dim(3))
          .transpose(1, 2)
          .reshape(batch * heads, blocks * group, block, q.dim(3));
    }

    /// The way back.
    Tensor unfold(Tensor o, long group) {
      return o.reshape(batch * heads, blocks, group, block, o.dim(3))
          .transpose(1, 2)
          .reshape(batch, heads * group, blocks * block, o.dim(3));
    }

    /// Pairs of one head with `n` positions: no codewords before the first block.
    long pairs(long n) {
      long whole = n / block;
      long rest = n % block;
      long local = whole * (block * (block + 1) / 2) + rest * (rest + 1) / 2;
      return Math.max(0, n - block) * codes + local;
    }
  }
}
