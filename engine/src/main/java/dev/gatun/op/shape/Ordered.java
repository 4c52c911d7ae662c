package dev.gatun.op.shape;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/// The first elements of each run along an axis in order, and where they stood. Equal elements keep
/// their order, -0 and +0 being equal; NaN are greater than all numbers.
interface Ordered extends Kernel {
  /// The axis, counted from 0.
  int axis();

  /// Whether the greatest come first.
  boolean descending();

  /// How many of `n` elements are taken.
  long taken(long n);

  @Override
  default List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Spec x = in.get(0);
    boolean fits = x.dtype() != DType.F16 && x.dtype() != DType.BF16;
    Rules.require(fits, this, "x must be F32, F64, an integer or BOOL", "x", in);
    Rules.require(axis() >= 0 && axis() < x.shape().rank(), this, "axis must exist", "x", in);
    long n = x.shape().dim(axis());
    Rules.require(n < 1L << 31, this, "the axis must have fewer than 2^31 elements", "x", in);
    Rules.require(taken(n) <= n, this, "the axis must have as many elements as asked for", "x", in);
    Shape y = x.shape().with(axis(), taken(n));
    return List.of(x.withShape(y), new Spec(DType.I64, y));
  }

  @Override
  default void reference(Call c) {
    Shape x = c.inShape(0);
    long n = x.dim(axis());
    long k = taken(n);
    long inner = x.elems(axis() + 1, x.rank());
    for (long r = 0, runs = x.elems(0, axis()) * inner; r < runs; r++) {
      long from = r / inner * n * inner + r % inner;
      long to = r / inner * k * inner + r % inner;
      Comparator<Long> order = (a, b) -> compare(c, from + a * inner, from + b * inner);
      List<Long> places =
          LongStream.range(0, n)
              .boxed()
              .sorted(descending() ? order.reversed() : order)
              .limit(k)
              .toList();
      for (int i = 0; i < k; i++) {
        long place = places.get(i);
        copy(c, from + place * inner, to + i * inner);
        c.out(1).set(JAVA_LONG_UNALIGNED, (to + i * inner) * Long.BYTES, place);
      }
    }
  }

  private static int compare(Call c, long a, long b) {
    DType t = c.dtype();
    return t.computes()
        // Adding zero makes one of two zeros.
        ? Double.compare(c.get(0, a) + 0.0, c.get(0, b) + 0.0)
        : Long.compare(t.readLong(c.in(0), a), t.readLong(c.in(0), b));
  }

  private static void copy(Call c, long from, long to) {
    int bytes = c.dtype().bytes();
    MemorySegment.copy(c.in(0), from * bytes, c.out(0), to * bytes, bytes);
  }

  @Override
  default void simd(Call c, Workers w) {
    Shape x = c.inShape(0);
    long[] r = c.registers();
    r[RadixSort.N] = x.dim(axis());
    r[RadixSort.TAKEN] = taken(x.dim(axis()));
    r[RadixSort.INNER] = x.elems(axis() + 1, x.rank());
    r[RadixSort.RUNS] = x.elems(0, axis()) * r[RadixSort.INNER];
    r[RadixSort.DESCENDING] = descending() ? 1 : 0;
    w.run(RadixSort.BODY, c, 0, RadixSort.blocks(r));
  }

  @Override
  default List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClSort.sort(this, d, in.get(0));
  }

  @Override
  default long scratch(List<Spec> in, int workers) {
    return RadixSort.bytes(in.get(0).shape().dim(axis())) * workers;
  }

  @Override
  default Keep keep() {
    return Keep.outputs(1);
  }

  @Override
  default List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    long size = n.inSpec(0).shape().dim(axis());
    return List.of(dy.get(0).map(d -> new Sort.Grad(axis(), size).of(d, n.out(1))));
  }

  /// Comparisons that a merge sort would make.
  @Override
  default Cost cost(List<Spec> in) {
    double n = in.get(0).shape().dim(axis());
    double bytes = Cost.streaming(0, in, infer(in)).bytes();
    return new Cost(in.get(0).shape().elems() * Math.log(Math.max(2, n)) / Math.log(2), bytes);
  }
}
