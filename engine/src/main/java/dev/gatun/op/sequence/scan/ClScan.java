package dev.gatun.op.sequence.scan;

import static dev.gatun.op.sequence.scan.ScanLayout.GATE_HOP;
import static dev.gatun.op.sequence.scan.ScanLayout.GATE_STEP;
import static dev.gatun.op.sequence.scan.ScanLayout.HOP;
import static dev.gatun.op.sequence.scan.ScanLayout.INNER;
import static dev.gatun.op.sequence.scan.ScanLayout.MIDDLE;
import static dev.gatun.op.sequence.scan.ScanLayout.OUTERS;
import static dev.gatun.op.sequence.scan.ScanLayout.SHARED;
import static dev.gatun.op.sequence.scan.ScanLayout.STEP;
import static dev.gatun.op.sequence.scan.ScanLayout.T;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of [Scan] and of its gradient. Few channels of many steps are cut into pieces:
/// what each makes of a state, the states before them, and the pieces once more; three launches,
/// none of which waits for another group.
final class ClScan {
  private static final ClSource SOURCE = ClSource.of(ClScan.class, "scan.cl");
  private static final int GPU_GROUP = 64;
  private static final int CPU_WIDTH = 32;
  private static final long PIECE = 2_048;

  /// Work-items that need no pieces beside them.
  private static final long ENOUGH = 64;

  private final Combiner combiner;
  private final DeviceInfo d;
  private final DType type;
  private final long[] r;
  private final Shape a;
  private final Shape b;
  private final int width;

  private ClScan(Combiner combiner, int axis, DeviceInfo d, Spec a, Spec b) {
    this.combiner = combiner;
    this.d = d;
    this.a = a.shape();
    this.b = b.shape();
    type = b.dtype();
    r = ScanLayout.of(combiner, axis, a.shape(), b.shape());
    width = d.gpu() || r[INNER] == 1 ? 1 : CPU_WIDTH;
  }

  static List<Launch> forward(Scan op, DeviceInfo d, List<Spec> in) {
    int n = op.combiner().tensors();
    ClScan s = new ClScan(op.combiner(), op.axis(), d, in.get(0), in.get(n));
    boolean initial = in.size() > 2 * n;
    return s.launches(op, false, initial, false, 0, n, initial ? 2 * n : 0, 0);
  }

  static List<Launch> backward(Scan.Grad op, DeviceInfo d, List<Spec> in) {
    int n = op.of().combiner().tensors();
    ClScan s = new ClScan(op.of().combiner(), op.of().axis(), d, in.get(0), in.get(n));
    int before = (op.last() ? 4 : 3) * n;
    return s.launches(
        op.of(), true, op.last(), op.initial(), n, 2 * n, op.last() ? 3 * n : 0, before);
  }

  /// @param h input number of the states, for the gradient
  /// @param in of the addends
  /// @param start of the state to start from, where `initial`
  /// @param before of the state before the first step, where `first`
  private List<Launch> launches(
      Scan op, boolean grad, boolean initial, boolean first, int h, int in, int start, int before) {
    if (r[OUTERS] * r[INNER] == 0) {
      return List.of();
    }
    long runs = r[OUTERS] * r[INNER];
    long pieces = items() < ENOUGH && r[T] > 2 * PIECE ? Math.ceilDiv(r[T], PIECE) : 1;
    long length = pieces == 1 ? r[T] : PIECE;
    long numbers = combiner.gates() + 2L * combiner.size();
    long bytes = pieces == 1 ? 16 : runs * pieces * numbers * type.bytes();
    List<Launch> all = new ArrayList<>();
    if (pieces > 1) {
      Launch.Builder totals = program("totals", op, grad, initial, first);
      arguments(inputs(totals, 0, in), bytes, length, pieces);
      all.add(totals.over(items(), pieces, group(), 1));
      Launch.Builder starts = inputs(program("starts", op, grad, initial, first), 0, in);
      if (initial) {
        inputs(starts, start);
      }
      all.add(arguments(starts, bytes, length, pieces).over(items(), group()));
    }
    Launch.Builder apply = inputs(program("apply", op, grad, initial, first), 0, in);
    if (initial) {
      inputs(apply, start);
    }
    if (grad) {
      inputs(apply, h);
    }
    if (first) {
      inputs(apply, before);
    }
    for (int i = 0; i < (grad ? 3 : 2) * combiner.tensors(); i++) {
      apply.out(i);
    }
    arguments(apply, bytes, length, pieces).longs(wholeStep());
    all.add(apply.over(items(), pieces, group(), 1));
    return all;
  }

  private Launch.Builder inputs(Launch.Builder l, int... firsts) {
    for (int first : firsts) {
      for (int i = 0; i < combiner.tensors(); i++) {
        l.in(first + i);
      }
    }
    return l;
  }

  /// From one step to the next of gates that share nothing.
  private long wholeStep() {
    return combiner.axes() == 0 ? r[STEP] : r[STEP] * combiner.size();
  }

  /// Sizes of the axes that runs are counted by, the last first, and steps of the gates along them.
  private Launch.Builder arguments(Launch.Builder l, long bytes, long length, long pieces) {
    int parts = combiner.axes();
    int axis = (int) r[ScanLayout.AXIS];
    List<Long> sizes = new ArrayList<>();
    List<Long> strides = new ArrayList<>();
    for (int i = (int) r[ScanLayout.FIRST] - 1; i >= 0; i--) {
      if (i < axis || i > axis + parts) {
        int gate = i > axis ? i + parts : i;
        sizes.add(b.dim(i));
        strides.add(a.dim(gate) == 1 ? 0 : a.elems(gate + 1, a.rank()));
      }
    }
    return l.scratch(bytes)
        .long16(sizes.stream().mapToLong(Long::longValue).toArray())
        .long16(strides.stream().mapToLong(Long::longValue).toArray())
        .longs(sizes.size(), r[OUTERS], r[T], r[INNER], r[MIDDLE], r[STEP], r[HOP])
        .longs(r[GATE_STEP], r[GATE_HOP], r[SHARED], length, pieces);
  }

  private Launch.Builder program(
      String entry, Scan op, boolean grad, boolean initial, boolean first) {
    return Launch.of(SOURCE, entry)
        .computes(type)
        .define("WIDTH", width)
        .define("SIZE", combiner.size())
        .define("GATES", combiner.gates())
        .define("COMPLEX", combiner.tensors() - 1)
        .define("REVERSE", op.reverse() == grad ? 0 : 1)
        .define("EXCLUSIVE", op.exclusive() ? 1 : 0)
        .define("GRAD", grad ? 1 : 0)
        .define("INITIAL", initial ? 1 : 0)
        .define("BEFORE", first ? 1 : 0);
  }

  private long items() {
    return r[OUTERS] * Math.ceilDiv(r[INNER], (long) width);
  }

  private long group() {
    return d.gpu() ? GPU_GROUP : 1;
  }
}
