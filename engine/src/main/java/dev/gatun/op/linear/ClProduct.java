package dev.gatun.op.linear;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.op.Launch.Argument;
import dev.gatun.tensor.DType;
import java.util.Arrays;

/// One OpenCL product `y = activation(a b + bias)` of matrices of any strides with panels of 32
/// columns, part by part: what products, convolutions and quantized layers launch.
final class ClProduct {
  /// Columns of a panel.
  static final int WIDTH = PackedMatMul.WIDTH;

  private static final ClSource SOURCE = ClSource.of(ClProduct.class, "product.cl");
  private static final ClSource PANELS = ClSource.of(ClProduct.class, "panels.cl");

  /// Rows of a work-item: as many as vector registers hold beside the operands, where a vector of
  /// 64 bytes is two of 16 registers, or one of 32.
  private static final int ROWS = 6;

  private static final int WIDE_ROWS = 12;
  private static final int WIDE_BYTES = 64;

  private static final int FEW_ROWS = 4;

  /// Rows of a panel that a work-item fills.
  private static final int CHUNK = 64;

  private static final int LINE_GROUP = 8;
  private static final int GPU_GROUP = 64;
  private static final int TILE = 64;
  private static final int SIDE = 16;

  private final DType type;
  private final long m;
  private final long n;
  private final long k;
  private long outer = 1;
  private long aOuter;
  private long aRow;
  private long aColumn = 1;
  private long yRow;
  private long yColumn = 1;
  private long yBatch;
  private long aFirst;
  private long yFirst;
  private long batches = 1;
  private long[][] axes = new long[4][0];
  private int bias;
  private Activation activation = Activation.NONE;
  private boolean whole;
  private boolean scaled;
  private boolean added;
  private long[] scaleSteps = new long[0];
  private Argument[] extra = new Argument[0];

  /// `[m, k]` times `[k, n]`, row-major.
  ClProduct(DType type, long m, long n, long k) {
    this.type = type;
    this.m = m;
    this.n = n;
    this.k = k;
    aRow = k;
    yRow = n;
    yBatch = m * n;
  }

  /// Where `a` starts and how far its rows and columns are from each other.
  ClProduct a(long first, long row, long column) {
    aFirst = first;
    aRow = row;
    aColumn = column;
    return this;
  }

  /// Sums over `count` blocks of `k` terms, `a` moving by `stride` from one to the next.
  ClProduct outer(long count, long stride) {
    outer = count;
    aOuter = stride;
    return this;
  }

  /// Where `y` starts and how far its rows, columns and matrices are from each other.
  ClProduct y(long first, long row, long column, long batch) {
    yFirst = first;
    yRow = row;
    yColumn = column;
    yBatch = batch;
    return this;
  }

  /// Matrices under axes of these sizes, the last one first, with strides in elements.
  ClProduct batches(long[] sizes, long[] a, long[] b, long[] biases) {
    axes = new long[][] {sizes, a, b, biases};
    batches = Arrays.stream(sizes).reduce(1, (x, y) -> x * y);
    return this;
  }

  /// A bias for each column.
  ClProduct columnBias(Argument of) {
    bias = 1;
    extra = new Argument[] {of};
    return this;
  }

  /// A bias for each row.
  ClProduct rowBias(Argument of) {
    bias = 2;
    extra = new Argument[] {of};
    return this;
  }

  ClProduct activation(Activation a) {
    activation = a;
    return this;
  }

  /// Operands are whole numbers below 256 and sums ints.
  ClProduct whole() {
    whole = true;
    return this;
  }

  /// Integer sums times scales of the columns and of the rows, plus a bias in floats.
  ClProduct scaled(Argument columns, Argument rows, long columnStep, long rowStep, Argument... b) {
    scaled = true;
    added = b.length > 0;
    scaleSteps = new long[] {columnStep, rowStep};
    extra = new Argument[] {columns, rows};
    if (added) {
      extra = new Argument[] {columns, rows, b[0]};
    }
    return this;
  }

  /// The launch on operands that are inputs, outputs or work memory.
  Launch launch(DeviceInfo d, Argument a, Argument panels, Argument y) {
    long rows = rows(d);
    Launch.Builder l = Launch.of(SOURCE, d.gpu() ? "tiles" : "product").computes(type);
    l.define("LANES", d.lanes(type.bytes()))
        .define("BIAS", bias)
        .define("ACTIVATION_" + activation, 1)
        .define(d.gpu() ? "TILE" : "ROWS", d.gpu() ? 1 : rows);
    piece(l, "A_PIECE", a);
    piece(l, "B_PIECE", panels);
    piece(l, "Y_PIECE", y);
    if (aColumn == 1) {
      l.define("A_UNIT", 1);
    }
    if (whole) {
      l.define("WHOLE", 1).define("S", scaled ? "float" : "int");
    }
    if (scaled) {
      l.define("SCALES", 1);
    }
    if (added) {
      l.define("FLOAT_BIAS", 1);
    }
    l.with(a).with(panels).with(y);
    arguments(l);
    return d.gpu()
        ? l.over3(
            Launch.roundUp(n, TILE) / TILE * SIDE,
            Launch.roundUp(m, TILE) / TILE * SIDE,
            batches,
            SIDE,
            SIDE)
        : l.over3(
            m == 0 ? 0 : Math.ceilDiv(m, rows),
            Math.ceilDiv(n, (long) d.lanes(type.bytes())),
            batches,
            1);
  }

  /// The launch of few rows on inputs 0 and 1, the second one as it lies.
  Launch line(DeviceInfo d, ClSource source, DType stored, long row, long column) {
    boolean dots = row == 1;
    int lanes = d.lanes(type.bytes());
    Launch.Builder l = Launch.of(source, dots ? "dots" : "rows").computes(type);
    l.define("LANES", lanes).define("BIAS", bias).define("ACTIVATION_" + activation, 1);
    if (stored == DType.BF16) {
      l.define("B_BF16", 1);
    }
    l.in(0, 1).out(0);
    arguments(l);
    l.longs(row, column);
    if (d.gpu()) {
      return l.over3(dots ? n * GPU_GROUP : n, m, batches, GPU_GROUP);
    }
    return dots
        ? l.over3(m == 0 ? 0 : n, 1, batches, LINE_GROUP)
        : l.over3(Math.ceilDiv(n, 4L * lanes), m, batches, 1);
  }

  private void arguments(Launch.Builder l) {
    for (int i = 0; i < extra.length; i++) {
      l.with(extra[i]);
      if (scaled && i == 1) {
        l.longs(scaleSteps);
      }
    }
    l.long16(
        m,
        n,
        k,
        outer,
        aOuter,
        aRow,
        aColumn,
        yRow,
        yColumn,
        yBatch,
        aFirst,
        yFirst,
        axes[0].length);
    for (long[] axis : axes) {
      l.long16(axis);
    }
  }

  private static void piece(Launch.Builder l, String name, Argument a) {
    if (a instanceof Launch.Scratch) {
      l.define(name, 1);
    }
  }

  private long rows(DeviceInfo d) {
    if (m >= WIDE_ROWS && d.vectorBytes() >= WIDE_BYTES) {
      return WIDE_ROWS;
    }
    return m >= ROWS ? ROWS : m >= FEW_ROWS ? FEW_ROWS : 1;
  }

  /// Bytes of the panels of `batch` matrices `[k, n]`.
  static long bytes(DType type, long batch, long k, long n) {
    return batch * k * Launch.roundUp(n, WIDTH) * type.bytes();
  }

  /// Fills panels of `type` from `batch` matrices `[k, n]` of `stored` that lie `batchStride`
  /// apart.
  static Launch panels(
      DeviceInfo d,
      DType type,
      DType stored,
      int input,
      Argument to,
      long batch,
      long k,
      long n,
      long row,
      long column,
      long batchStride) {
    Launch.Builder l = panels(d, type, stored).in(input).with(to);
    l.longs(n, k, row, column, batchStride);
    return over(l, d, batch, k, n);
  }

  static Launch.Builder panels(DeviceInfo d, DType type, DType stored) {
    Launch.Builder l =
        Launch.of(PANELS, "panels").computes(type).define("CHUNK", d.gpu() ? 1 : CHUNK);
    if (stored == DType.BF16) {
      l.define("B_BF16", 1);
    } else if (stored != type) {
      l.define("B_TYPE", Launch.name(stored));
    }
    return l;
  }

  static Launch over(Launch.Builder l, DeviceInfo d, long batch, long k, long n) {
    long items = d.gpu() ? k * WIDTH : Math.ceilDiv(k, (long) CHUNK);
    return l.over3(items, Math.ceilDiv(n, (long) WIDTH), batch, d.gpu() ? GPU_GROUP : 1);
  }
}
