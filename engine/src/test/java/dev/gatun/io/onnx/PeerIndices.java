package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.PeerTest.one;
import static dev.gatun.io.onnx.PeerTest.some;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;

/// What reads, writes and moves elements, and reductions, for [PeerTest].
final class PeerIndices {
  private PeerIndices() {}

  static void addTo(Map<String, Function<Random, PeerCase>> all) {
    all.put("Slice", PeerIndices::slice);
    all.put("Gather", PeerIndices::gather);
    all.put("GatherElements", PeerIndices::gatherElements);
    all.put("GatherND", PeerIndices::gatherNd);
    all.put("ScatterElements", PeerIndices::scatterElements);
    all.put("ScatterND", PeerIndices::scatterNd);
    all.put("TopK", PeerIndices::topK);
    all.put("CumSum", PeerIndices::cumSum);
    all.put("Trilu", PeerIndices::trilu);
    all.put("Pad", PeerIndices::pad);
    all.put("Split", PeerIndices::split);
    all.put("OneHot", PeerIndices::oneHot);
    all.put("ReverseSequence", PeerIndices::reverseSequence);
    all.put("ArgMax", PeerIndices::arg);
    all.put("Expand", PeerIndices::expand);
    all.put("Tile", PeerIndices::tile);
    all.put("Transpose", PeerIndices::transpose);
    all.put("Compress", PeerIndices::compress);
    all.put("DepthToSpace", PeerIndices::depthToSpace);
    for (String name :
        new String[] {"Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"}) {
      all.put("Reduce" + name, r -> reduce(r, "Reduce" + name));
    }
    for (String name :
        new String[] {"Add", "Sub", "Mul", "Div", "Mod", "Max", "Min", "Pow", "Greater", "Equal"}) {
      all.put(name, r -> binary(r, name));
    }
    all.put("Cast", PeerIndices::cast);
    all.put("Softmax", PeerIndices::softmax);
  }

  /// A shape of `rank` axes.
  private static long[] dims(Random r, int rank) {
    return some(r, rank, 1, 5);
  }

  /// An axis, counted from the start or from the end.
  private static long axis(Random r, int rank) {
    return (long) r.nextInt(2 * rank) - rank;
  }

  private static int at(long axis, int rank) {
    return (int) (axis < 0 ? axis + rank : axis);
  }

  private static long[] with(long[] dims, long axis, long size) {
    long[] d = dims.clone();
    d[at(axis, d.length)] = size;
    return d;
  }

  private static PeerCase slice(Random r) {
    int rank = 1 + r.nextInt(3);
    int version = one(r, 9, 11, 13);
    PeerCase c = new PeerCase("Slice", version);
    int count = 1 + r.nextInt(rank);
    long[] axes = r.ints(0, rank).distinct().limit(count).asLongStream().toArray();
    long far = one(r, 9L, Long.MAX_VALUE, (long) Integer.MAX_VALUE);
    long[] starts = some(r, count, -7, 7);
    long[] ends = some(r, count, -7, 7);
    long[] steps = new long[count];
    for (int i = 0; i < count; i++) {
      steps[i] = version < 10 ? 1 : one(r, 1, 2, -1, -2, 3, -3);
      if (r.nextInt(4) == 0) {
        ends[i] = steps[i] < 0 ? -far : far;
      }
      axes[i] -= version >= 11 && r.nextBoolean() ? rank : 0;
    }
    c.normal(r, dims(r, rank));
    return version < 10
        ? c.with("starts", starts).with("ends", ends).with("axes", axes)
        : c.longs(starts).longs(ends).longs(axes).longs(steps);
  }

  private static PeerCase gather(Random r) {
    int rank = 1 + r.nextInt(3);
    long[] d = dims(r, rank);
    long axis = axis(r, rank);
    int size = (int) d[at(axis, rank)];
    return new PeerCase("Gather", one(r, 11, 13))
        .with("axis", axis)
        .normal(r, d)
        .whole(r, one(r, ElementType.INT32, ElementType.INT64), -size, size, dims(r, r.nextInt(3)));
  }

  private static PeerCase gatherElements(Random r) {
    int rank = 1 + r.nextInt(3);
    long[] d = dims(r, rank);
    long axis = axis(r, rank);
    int size = (int) d[at(axis, rank)];
    long[] indices = Arrays.stream(d).map(n -> 1 + r.nextInt((int) n)).toArray();
    return new PeerCase("GatherElements", one(r, 11, 13))
        .with("axis", axis)
        .normal(r, d)
        .whole(r, ElementType.INT64, -size, size, with(indices, axis, 1 + r.nextInt(6)));
  }

  private static PeerCase gatherNd(Random r) {
    int rank = 2 + r.nextInt(3);
    long[] d = dims(r, rank);
    int batch = r.nextInt(rank);
    int depth = 1 + r.nextInt(rank - batch);
    long[] lead = PeerImages.joined(Arrays.copyOf(d, batch), dims(r, r.nextInt(2)));
    long[] dims = PeerImages.joined(lead, depth);
    double[] at = new double[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < at.length; i++) {
      int size = (int) d[batch + i % depth];
      at[i] = r.nextInt(2 * size) - size;
    }
    return new PeerCase("GatherND", 12 + r.nextInt(2))
        .with("batch_dims", batch)
        .normal(r, d)
        .input(ElementType.INT64, dims, at);
  }

  private static PeerCase scatterElements(Random r) {
    int rank = 1 + r.nextInt(3);
    long[] d = dims(r, rank);
    long axis = axis(r, rank);
    String reduction = one(r, "none", "add", "mul", "max", "min");
    int size = (int) d[at(axis, rank)];
    long[] dims = Arrays.stream(d).map(n -> 1 + r.nextInt((int) n)).toArray();
    PeerCase c =
        new PeerCase("ScatterElements", 18).with("axis", axis).with("reduction", reduction);
    ElementType type = one(r, ElementType.FLOAT, ElementType.INT64, ElementType.INT32);
    c.whole(r, type, -9, 9, d);
    // Without a reduction each place must be named once.
    long[] once = with(dims, axis, 1);
    c.whole(r, ElementType.INT64, -size, size, reduction.equals("none") ? once : dims);
    return c.whole(r, type, -9, 9, reduction.equals("none") ? once : dims);
  }

  private static PeerCase scatterNd(Random r) {
    int rank = 1 + r.nextInt(3);
    long[] d = dims(r, rank);
    int depth = 1 + r.nextInt(rank);
    String reduction = one(r, "none", "add", "mul", "max", "min");
    long count = reduction.equals("none") ? 1 : 1L + r.nextInt(4);
    double[] at = new double[(int) count * depth];
    for (int i = 0; i < at.length; i++) {
      int size = (int) d[i % depth];
      at[i] = r.nextInt(2 * size) - size;
    }
    ElementType type = one(r, ElementType.FLOAT, ElementType.INT64, ElementType.INT32);
    return new PeerCase("ScatterND", 18)
        .with("reduction", reduction)
        .whole(r, type, -9, 9, d)
        .input(ElementType.INT64, new long[] {count, depth}, at)
        .whole(
            r,
            type,
            -9,
            9,
            PeerImages.joined(new long[] {count}, Arrays.copyOfRange(d, depth, rank)));
  }

  private static PeerCase topK(Random r) {
    int rank = 1 + r.nextInt(3);
    long[] d = dims(r, rank);
    long axis = axis(r, rank);
    PeerCase c = new PeerCase("TopK", 11).with("axis", axis).with("largest", r.nextInt(2));
    // Few values, so that there are ties.
    c.whole(r, one(r, ElementType.FLOAT, ElementType.INT64, ElementType.INT32), -2, 3, d);
    return c.longs(1 + r.nextInt((int) d[at(axis, rank)])).outputs(2);
  }

  private static PeerCase cumSum(Random r) {
    int rank = 1 + r.nextInt(3);
    return new PeerCase("CumSum", 14)
        .with("exclusive", r.nextInt(2))
        .with("reverse", r.nextInt(2))
        .whole(
            r,
            one(r, ElementType.FLOAT, ElementType.INT64, ElementType.INT32, ElementType.DOUBLE),
            -9,
            9,
            dims(r, rank))
        .input(ElementType.INT64, new long[0], (double) axis(r, rank));
  }

  private static PeerCase trilu(Random r) {
    return new PeerCase("Trilu", 14)
        .with("upper", r.nextInt(2))
        .whole(
            r,
            one(r, ElementType.FLOAT, ElementType.INT64, ElementType.BOOL),
            0,
            2,
            dims(r, 2 + r.nextInt(2)))
        .input(ElementType.INT64, new long[0], r.nextInt(15) - 7);
  }

  private static PeerCase pad(Random r) {
    int rank = 1 + r.nextInt(3);
    int version = one(r, 11, 13, 18, 19);
    String mode =
        version < 19
            ? one(r, "constant", "reflect", "edge")
            : one(r, "constant", "reflect", "edge", "wrap");
    PeerCase c = new PeerCase("Pad", version).with("mode", mode);
    c.normal(r, some(r, rank, 3, 6));
    int least = mode.equals("constant") ? -1 : 0;
    if (version >= 18 && r.nextBoolean()) {
      return c.longs(some(r, 2, least, 2))
          .input(ElementType.FLOAT, new long[0], 7)
          .longs(axis(r, rank));
    }
    return c.longs(some(r, 2 * rank, least, 2)).input(ElementType.FLOAT, new long[0], 7);
  }

  private static PeerCase split(Random r) {
    int rank = 1 + r.nextInt(3);
    long axis = axis(r, rank);
    int version = one(r, 11, 13, 18);
    int parts = 1 + r.nextInt(3);
    PeerCase c = new PeerCase("Split", version).with("axis", axis).outputs(parts);
    if (version == 18 && r.nextBoolean()) {
      return c.with("num_outputs", parts)
          .normal(r, with(dims(r, rank), axis, parts * (1L + r.nextInt(3)) - r.nextInt(parts)));
    }
    long[] sizes = some(r, parts, 0, 3);
    c.normal(r, with(dims(r, rank), axis, Arrays.stream(sizes).sum()));
    return version < 13 ? c.with("split", sizes) : c.longs(sizes);
  }

  private static PeerCase oneHot(Random r) {
    int rank = 1 + r.nextInt(2);
    return new PeerCase("OneHot", 11)
        .with("axis", axis(r, rank + 1))
        .whole(r, ElementType.INT64, -6, 6, dims(r, rank))
        .input(ElementType.INT64, new long[0], 1 + r.nextInt(5))
        .input(ElementType.FLOAT, new long[] {2}, -1, 3);
  }

  private static PeerCase reverseSequence(Random r) {
    boolean timeFirst = r.nextBoolean();
    long steps = 1L + r.nextInt(5);
    long batch = 1L + r.nextInt(3);
    return new PeerCase("ReverseSequence", 10)
        .with("time_axis", timeFirst ? 0 : 1)
        .with("batch_axis", timeFirst ? 1 : 0)
        .normal(r, timeFirst ? steps : batch, timeFirst ? batch : steps, 2)
        .longs(some(r, (int) batch, 1, (int) steps));
  }

  private static PeerCase arg(Random r) {
    int rank = 1 + r.nextInt(3);
    return new PeerCase(one(r, "ArgMax", "ArgMin"), 13)
        .with("axis", axis(r, rank))
        .with("keepdims", r.nextInt(2))
        .with("select_last_index", r.nextInt(2))
        .whole(r, one(r, ElementType.FLOAT, ElementType.INT32), -2, 3, dims(r, rank));
  }

  private static PeerCase expand(Random r) {
    long[] d = dims(r, 1 + r.nextInt(3));
    long[] in = Arrays.stream(d).map(n -> r.nextBoolean() ? 1 : n).toArray();
    long[] to = r.nextBoolean() ? d : Arrays.copyOfRange(d, r.nextInt(d.length), d.length);
    return new PeerCase("Expand", 13).normal(r, in).longs(to);
  }

  private static PeerCase tile(Random r) {
    long[] d = dims(r, 1 + r.nextInt(3));
    return new PeerCase("Tile", 13).normal(r, d).longs(some(r, d.length, 0, 3));
  }

  private static PeerCase transpose(Random r) {
    int rank = 1 + r.nextInt(4);
    long[] order = r.ints(0, rank).distinct().limit(rank).asLongStream().toArray();
    return new PeerCase("Transpose", 13).with("perm", order).normal(r, dims(r, rank));
  }

  private static PeerCase compress(Random r) {
    int rank = 1 + r.nextInt(3);
    long[] d = dims(r, rank);
    long axis = axis(r, rank);
    return new PeerCase("Compress", 11)
        .with("axis", axis)
        .normal(r, d)
        .whole(r, ElementType.BOOL, 0, 2, 1 + r.nextInt((int) d[at(axis, rank)]));
  }

  private static PeerCase depthToSpace(Random r) {
    long b = 1L + r.nextInt(3);
    return new PeerCase("DepthToSpace", 13)
        .with("blocksize", b)
        .with("mode", one(r, "DCR", "CRD"))
        .normal(r, 2, b * b * (1L + r.nextInt(2)), 2, 3);
  }

  private static PeerCase reduce(Random r, String operator) {
    int rank = 1 + r.nextInt(4);
    int version = one(r, 11, 13, 18);
    PeerCase c = new PeerCase(operator, version).with("keepdims", r.nextInt(2)).tolerance(1e-4);
    long[] axes =
        r.ints(0, rank)
            .distinct()
            .limit(1 + r.nextInt(rank))
            .asLongStream()
            .map(a -> r.nextBoolean() ? a : a - rank)
            .toArray();
    ElementType type =
        one(r, ElementType.FLOAT, ElementType.FLOAT, ElementType.INT32, ElementType.INT64);
    if (operator.equals("ReduceLogSumExp")) {
      // The peer rounds the parts of a sum of integers.
      type = ElementType.FLOAT;
    }
    boolean input = version >= (operator.equals("ReduceSum") ? 13 : 18);
    c.whole(r, type, -4, 5, dims(r, rank));
    switch (r.nextInt(4)) {
      case 0 -> {}
      case 1 -> {
        if (input) {
          c.longs().with("noop_with_empty_axes", r.nextInt(2));
        }
      }
      default -> {
        if (input) {
          c.longs(axes);
        } else {
          c.with("axes", axes);
        }
      }
    }
    return c;
  }

  private static PeerCase binary(Random r, String operator) {
    ElementType type =
        one(
            r,
            ElementType.FLOAT,
            ElementType.INT32,
            ElementType.INT64,
            ElementType.DOUBLE,
            ElementType.INT8,
            ElementType.UINT8);
    long[] d = dims(r, 1 + r.nextInt(3));
    long[] other = Arrays.stream(d).map(n -> r.nextInt(3) == 0 ? 1 : n).toArray();
    boolean positive = operator.equals("Div") || operator.equals("Mod") || operator.equals("Pow");
    int low = type == ElementType.UINT8 ? 0 : -100;
    PeerCase c = new PeerCase(operator, operator.equals("Pow") ? 15 : 14);
    if (operator.equals("Mod") && (type.isFloating() || r.nextBoolean())) {
      c.with("fmod", 1);
    }
    c.whole(r, type, operator.equals("Pow") ? 0 : low, operator.equals("Pow") ? 6 : 100, d);
    return c.whole(
        r,
        type,
        positive ? 1 : low,
        operator.equals("Pow") ? 4 : 100,
        r.nextBoolean() ? other : Arrays.copyOfRange(other, r.nextInt(other.length), other.length));
  }

  private static PeerCase cast(Random r) {
    ElementType from =
        one(
            r,
            ElementType.FLOAT,
            ElementType.INT32,
            ElementType.INT64,
            ElementType.DOUBLE,
            ElementType.INT8,
            ElementType.UINT8,
            ElementType.BOOL);
    ElementType to =
        one(
            r,
            ElementType.FLOAT,
            ElementType.INT32,
            ElementType.INT64,
            ElementType.DOUBLE,
            ElementType.INT8,
            ElementType.UINT8,
            ElementType.BOOL);
    PeerCase c = new PeerCase("Cast", 13).with("to", to.code());
    boolean narrow = from.isFloating() && to.isInteger() && to.bits() == 8;
    return switch (from) {
      case BOOL -> c.whole(r, from, 0, 2, 9);
      case UINT8 -> c.whole(r, from, 0, 256, 9);
      case INT8 -> c.whole(r, from, -128, 128, 9);
      default -> narrow ? c.whole(r, from, 0, 100, 9) : c.whole(r, from, -1000, 1000, 9);
    };
  }

  private static PeerCase softmax(Random r) {
    int rank = 1 + r.nextInt(4);
    return new PeerCase(one(r, "Softmax", "LogSoftmax", "Hardmax"), one(r, 11, 13))
        .with("axis", axis(r, rank))
        .normal(r, dims(r, rank));
  }
}
