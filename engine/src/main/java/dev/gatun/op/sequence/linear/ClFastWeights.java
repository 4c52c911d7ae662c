package dev.gatun.op.sequence.linear;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.op.sequence.linear.FastWeights.Decay;
import dev.gatun.op.sequence.linear.FastWeights.Update;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of [FastWeights], step by step: a work-item has a vector of values of a head. In
/// the gradient each leaves copies of what others add to as well, which a launch for each result
/// sums in order.
final class ClFastWeights {
  private static final ClSource SOURCE = ClSource.of(ClFastWeights.class, "fast_weights.cl");
  private static final int GPU_GROUP = 16;
  private static final int GPU_LANES = 1;
  private static final long CHUNK = FastWeights.CHUNK;

  private final FastWeights op;
  private final DeviceInfo d;
  private final List<Spec> in;
  private final int first;
  private final DType type;
  private final Shape q;
  private final Shape v;
  private final int lanes;
  private final long pieces;

  /// Inputs of the op start at `first`.
  private ClFastWeights(FastWeights op, DeviceInfo d, List<Spec> in, int first) {
    this.op = op;
    this.d = d;
    this.in = in;
    this.first = first;
    type = in.get(0).dtype();
    q = in.get(first).shape();
    v = in.get(first + FastWeights.V).shape();
    lanes = d.gpu() ? GPU_LANES : Math.min(16, d.lanes(type.bytes()));
    // One without values still has gradients of keys to write.
    pieces = Math.max(1, Math.ceilDiv(v.dim(3), (long) lanes));
  }

  static List<Launch> forward(FastWeights op, DeviceInfo d, List<Spec> in) {
    ClFastWeights s = new ClFastWeights(op, d, in, 0);
    Launch.Builder l = s.program("fast_weights");
    s.inputs(l);
    l.out(0, 1, 2).with(s.work(s.items() * s.q.dim(3) * s.lanes));
    return List.of(s.over(l.real(s.type, op.scale()).with(s.size())));
  }

  static List<Launch> backward(FastWeights op, DeviceInfo d, List<Spec> in) {
    return new ClFastWeights(op, d, in, 2).back();
  }

  private Launch.Builder program(String entry) {
    return Launch.of(SOURCE, entry).computes(type).define("LANES", lanes);
  }

  private long items() {
    return v.dim(0) * v.dim(2) * pieces;
  }

  private Launch.Scratch work(long elems) {
    return new Launch.Scratch(0, Math.max(1, elems) * type.bytes(), type.bytes());
  }

  private Launch over(Launch.Builder l) {
    return l.over(v.dim(2) * pieces, v.dim(0), d.gpu() ? GPU_GROUP : 1, 1);
  }

  /// Inputs of the op; for one that is not there `q`.
  private void inputs(Launch.Builder l) {
    l.in(first, first + 1, first + 2);
    l.in(op.decay() == Decay.NONE ? first : first + 3);
    l.in(op.update() == Update.DPLR ? first + op.alphaAt() : first);
    l.in(op.update() == Update.ADD ? first : first + op.betaAt());
    l.in(op.bonus() ? first + op.bonusAt() : first);
    l.in(op.state() ? first + op.stateAt() : first);
  }

  private boolean ownBeta() {
    return op.update() == Update.DELTA && in.get(first + op.betaAt()).shape().rank() == 4;
  }

  private Launch.Long16 size() {
    long flags = op.bonus() ? 1 : 0;
    flags |= op.state() ? 2 : 0;
    flags |= ownBeta() ? 4 : 0;
    long starts = Math.max(0, Math.ceilDiv(v.dim(1), CHUNK) - 1);
    return new Launch.Long16(
        List.of(
            v.dim(1),
            q.dim(2),
            v.dim(2),
            q.dim(3),
            v.dim(3),
            pieces,
            starts,
            (long) op.decay().ordinal(),
            (long) op.update().ordinal(),
            flags));
  }

  private List<Launch> back() {
    List<Integer> summed = new ArrayList<>(List.of(FastWeights.Q, FastWeights.K));
    summed.add(op.decay() == Decay.NONE ? -1 : 3);
    summed.add(op.update() == Update.DPLR ? op.alphaAt() : -1);
    summed.add(op.update() == Update.ADD || ownBeta() ? -1 : op.betaAt());
    summed.add(op.bonus() ? op.bonusAt() : -1);
    long end = items() * ((CHUNK + 2) * lanes + 1) * q.dim(3);
    List<Long> places = new ArrayList<>();
    for (int i : summed) {
      places.add(end);
      end += i < 0 ? 0 : copies(i) * elems(i);
    }
    Launch.Builder l = program("fast_weights_back").in(0, 1);
    inputs(l);
    l.in(in.size() - 1).out(FastWeights.V).out(ownBeta() ? op.betaAt() : FastWeights.V);
    l.out(op.state() ? op.stateAt() : FastWeights.V);
    l.with(work(end)).real(type, op.scale()).with(size()).with(new Launch.Long16(places));
    List<Launch> launches = new ArrayList<>(List.of(over(l)));
    for (int k = 0; k < summed.size(); k++) {
      int i = summed.get(k);
      if (i >= 0) {
        launches.add(
            program("add_copies")
                .with(work(end))
                .out(i)
                .longs(places.get(k), elems(i), copies(i))
                .over(elems(i), d.gpu() ? 64 : 1));
      }
    }
    return launches;
  }

  private long elems(int i) {
    return in.get(first + i).shape().elems();
  }

  private long copies(int i) {
    if (i <= FastWeights.K) {
      return pieces * (v.dim(2) / q.dim(2));
    }
    return op.bonus() && i == op.bonusAt() ? pieces * v.dim(0) : pieces;
  }
}
