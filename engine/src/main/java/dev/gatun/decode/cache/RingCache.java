package dev.gatun.decode.cache;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Rope;
import dev.gatun.op.sequence.attention.Rotary;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The first `sinks` tokens and the last `window`: constant memory for any number of tokens (Xiao
/// et al., StreamingLLM, arXiv 2309.17453).
///
/// Token `t` sees the sinks and, itself included, the last `window` of the others. Positions are
/// those in the cache, as if what was dropped had never been: with a rotary embedding, a sink `j`
/// and a query at `t` are `min(t, sinks + window - 1) - j` apart, other keys as far as they are. No
/// key is turned twice: each is turned once, at its place in the whole sequence, and queries twice,
/// at `t` for the window and at `t - dropped` for the sinks; the two attentions are combined.
/// Angles are worked out in double, so that token 4,000,000 is as exact as the first.
///
/// Several tokens at a time: all that is appended is kept right, and the last `chunk` of it may
/// attend. Memory: `sinks + window + chunk - 1` tokens. Cost of a step: one read of what is seen.
public final class RingCache implements KeyValueCache {
  private static final String NAME = "RingCache";

  private final CacheSpec spec;
  private final Options options;
  private final TokenRows ring;
  private final Optional<TokenRows> sinks;
  private long length;

  /// What is kept.
  ///
  /// @param sinks first tokens
  /// @param window last tokens
  /// @param chunk tokens that may attend at a time
  /// @param rotary turns keys and queries as they come in; keys and queries stay as they are
  ///   without
  public record Options(long sinks, long window, long chunk, Optional<Rotary> rotary) {
    /// @throws IllegalArgumentException unless `window` and `chunk` are positive, `sinks` is not
    ///   negative and there is no XPos, whose factors grow without bound
    public Options {
      CacheRules.require(
          sinks >= 0 && window > 0 && chunk > 0 && rotary.flatMap(Rotary::xpos).isEmpty(),
          NAME,
          "sinks must be at least 0, window and chunk positive and rotary without XPos; got %d, %d,"
              + " %d, %s",
          sinks,
          window,
          chunk,
          rotary);
    }

    /// One token at a time, without rotary embedding.
    public static Options of(long sinks, long window) {
      return new Options(sinks, window, 1, Optional.empty());
    }

    /// With a rotary embedding of keys and queries.
    public Options withRotary(Rotary r) {
      return new Options(sinks, window, chunk, Optional.of(r));
    }

    /// With `n` tokens at a time.
    public Options withChunk(long n) {
      return new Options(sinks, window, n, rotary);
    }
  }

  private RingCache(Scope home, CacheSpec spec, Options options) {
    this.spec = spec;
    this.options = options;
    ring = new TokenRows(home, spec, options.window() + options.chunk() - 1);
    sinks =
        options.sinks() == 0
            ? Optional.empty()
            : Optional.of(new TokenRows(home, spec, options.sinks()));
  }

  /// An empty cache in memory of `home`.
  public static RingCache of(Scope home, CacheSpec spec, Options options) {
    return new RingCache(home, spec, options);
  }

  @Override
  public void append(Tensor k, Tensor v) {
    long n = CacheRules.tokens(NAME, spec, k, v);
    try (Scope step = k.device().scope("append")) {
      Tensor x = step.borrow(k.detach());
      Tensor turned =
          options
              .rotary()
              .map(r -> Rope.of(x, r, r.keyTables(step, spec.dtype(), length, n)))
              .orElse(x);
      if (length < options.sinks()) {
        sinks.ifPresent(s -> s.write(turned, v, t -> sinkSlot(length + t)));
      }
      ring.writeRing(turned, v, length - options.sinks());
    }
    length += n;
  }

  private long sinkSlot(long t) {
    return t < options.sinks() ? t : -1;
  }

  @Override
  public Attention.Result attend(Tensor q, AttentionOptions o) {
    CacheRules.plain(NAME, o);
    int n = (int) CacheRules.newest(NAME, spec, q, length, options.chunk());
    long first = length - n;
    long[] recent = new long[4 * n];
    long[] start = new long[4 * n];
    for (int i = 0; i < n; i++) {
      long end = first + i + 1 - options.sinks();
      ring.ringRuns(recent, i, Math.max(0, end - options.window()), end);
      start[4 * i + 1] = Math.min(options.sinks(), first + i + 1);
    }
    Attention.Result window = ring.attend(turned(q, first), recent, o);
    if (sinks.isEmpty()) {
      return window;
    }
    Attention.Result others = sinks.get().attend(turnedForSinks(q, first), start, o);
    return TokenRows.combine(List.of(others, window));
  }

  private Tensor turned(Tensor q, long first) {
    return options
        .rotary()
        .map(r -> Rope.of(q, r, r.tables(q.scope(), spec.dtype(), first, q.dim(2))))
        .orElse(q);
  }

  private Tensor turnedForSinks(Tensor q, long first) {
    long[] at = new long[Math.toIntExact(q.dim(2))];
    long last = options.sinks() + options.window() - 1;
    Arrays.setAll(at, i -> Math.min(first + i, last));
    return options
        .rotary()
        .map(r -> {
          Tensor positions = q.scope().tensor(Shape.of(at.length), at);
          return Rope.of(q, r, r.tables(spec.dtype(), positions));
        })
        .orElse(q);
  }

  @Override
  public long length() {
    return length;
  }

  /// `Hk (D + Dv)` numbers, of tokens that are kept.
  @Override
  public long bytesPerToken() {
    return spec.tokenBytes();
  }

  @Override
  public long bytes() {
    return ring.bytes() + sinks.map(TokenRows::bytes).orElse(0L);
  }
}
