package dev.gatun.op.random;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// Random numbers: an element depends on the seed and on its own number alone, so that every device
/// and any number of threads make the same ones.
interface Random extends Kernel {
  /// Elements of a block of work; even, as elements come in pairs.
  int BLOCK = 16_384;

  /// Elements that plain loops make in some 30 ms.
  int FEW = 1 << 20;

  /// F32 or F64.
  DType dtype();

  /// Shape of the result.
  Shape shape();

  /// Chooses the stream.
  long seed();

  /// Fills one block in plain loops; reads the seed from register 0 and all else from the call.
  Workers.Body body();

  @Override
  default List<Spec> infer(List<Spec> in) {
    Rules.count(0, this, "", in);
    Spec out = new Spec(dtype(), shape());
    Rules.require(dtype().computes(), this, "dtype must be F32 or F64", "result", List.of(out));
    return List.of(out);
  }

  @Override
  default void reference(Call c) {
    c.registers()[0] = seed();
    for (int block = 0, n = blocks(); block < n; block++) {
      body().run(c, 0, block, 0);
    }
  }

  /// Runs [#body] or its vector form on all workers; either finds the seed in register 0.
  default void run(Call c, Workers w, Workers.Body form) {
    c.registers()[0] = seed();
    w.run(form, c, 0, blocks());
  }

  /// Whether the elements are so few that plain loops make them sooner, where these make the same
  /// bits: vectors take a second or two until they are compiled, and most programs draw numbers
  /// once, for their weights.
  default boolean isFew() {
    return shape().elems() < FEW;
  }

  private int blocks() {
    return Math.toIntExact((shape().elems() + BLOCK - 1) / BLOCK);
  }

  /// End of block `block`, exclusive.
  static long end(Call c, int block) {
    return Math.min(c.outShape(0).elems(), (block + 1L) * BLOCK);
  }

  /// Stores `a` as element `at` and `b` as the next one, which may lie beyond `end`.
  static void store(DType t, MemorySegment out, long at, long end, double a, double b) {
    if (t == DType.F32) {
      out.set(JAVA_FLOAT_UNALIGNED, at * 4, (float) a);
      if (at + 1 < end) {
        out.set(JAVA_FLOAT_UNALIGNED, at * 4 + 4, (float) b);
      }
    } else {
      out.set(JAVA_DOUBLE_UNALIGNED, at * 8, a);
      if (at + 1 < end) {
        out.set(JAVA_DOUBLE_UNALIGNED, at * 8 + 8, b);
      }
    }
  }

  @Override
  default List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of();
  }

  @Override
  default Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  default Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, infer(in));
  }
}
