package dev.gatun.op.reduce;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Keep;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Sum, product, least or greatest of integers or BOOL over `axes`, exact modulo `2^64`.
///
/// Shapes: as [Sum]. Sums and products are I64 (of BOOL: the number of true elements, and whether
/// all are), extremes have the type of `x`. No gradient. Cost: one read of `x`.
///
/// Throws [IllegalArgumentException] for an extreme where `axes` have no elements.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
public record IntegerReduction(Kind kind, List<Integer> axes, boolean keepDims)
    implements Accumulation {
  /// What becomes of two numbers.
  public enum Kind {
    /// `a + b`
    SUM,
    /// `a b`
    PROD,
    /// The lesser.
    MIN,
    /// The greater.
    MAX;

    /// The result of no elements.
    long identity() {
      return switch (this) {
        case SUM -> 0;
        case PROD -> 1;
        case MIN -> Long.MAX_VALUE;
        case MAX -> Long.MIN_VALUE;
      };
    }

    long join(long a, long b) {
      return switch (this) {
        case SUM -> a + b;
        case PROD -> a * b;
        case MIN -> Math.min(a, b);
        case MAX -> Math.max(a, b);
      };
    }

    private boolean isExtreme() {
      return this == MIN || this == MAX;
    }
  }

  /// Copies `axes`.
  public IntegerReduction {
    axes = List.copyOf(axes);
  }

  @Override
  public void requireType(List<Spec> in) {
    DType t = in.get(0).dtype();
    boolean fits = !t.computes() && t != DType.F16 && t != DType.BF16;
    Rules.require(fits, this, "x must be an integer or BOOL", "x", in);
  }

  @Override
  public DType result(DType x) {
    return kind.isExtreme() ? x : DType.I64;
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    List<Spec> out = Accumulation.super.infer(in);
    if (kind.isExtreme()) {
      requireElements(in);
    }
    return out;
  }

  @Override
  public int planes() {
    return 1;
  }

  @Override
  public double value(long n, LongToDoubleFunction x) {
    throw new IllegalStateException(this + ": its reference works on longs; got " + n);
  }

  @Override
  public void reference(Call c) {
    Shape x = c.inShape(0);
    List<Integer> order =
        Stream.concat(
                IntStream.range(0, x.rank()).boxed().filter(a -> !axes.contains(a)), axes.stream())
            .toList();
    Shape runs = Shape.of(order.stream().mapToLong(x::dim).toArray());
    Layout layout = Layout.contiguous(x, 0).permute(order);
    long n = joined(x);
    for (long o = 0, outs = c.outShape(0).elems(); o < outs; o++) {
      long v = kind.identity();
      for (long i = 0; i < n; i++) {
        v = kind.join(v, c.dtype().readLong(c.in(0), layout.at(runs, o * n + i)));
      }
      write(c, o, v);
    }
  }

  /// Not through double, which has too few digits for I64.
  static void write(Call c, long out, long v) {
    if (c.outSpec(0).dtype() == DType.I64) {
      c.out(0).set(JAVA_LONG_UNALIGNED, out * Long.BYTES, v);
    } else {
      c.set(0, out, (double) v);
    }
  }

  @Override
  public Workers.Body body() {
    return switch (kind) {
      case SUM -> IntegerSimd.SUM;
      case PROD -> IntegerSimd.PROD;
      case MIN -> IntegerSimd.MIN;
      case MAX -> IntegerSimd.MAX;
    };
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    ClReduce.Form form =
        switch (kind) {
          case SUM -> ClReduce.Form.longs("x + y", "0");
          case PROD -> ClReduce.Form.longs("x * y", "1");
          case MIN -> ClReduce.Form.longs("min(x, y)", "LONG_MAX");
          case MAX -> ClReduce.Form.longs("max(x, y)", "LONG_MIN");
        };
    return ClReduce.of(d, in.get(0), axes, infer(in).get(0), form, 0);
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(Optional.empty());
  }
}
