package dev.gatun.op.reduce;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of reductions: one or two rounds of states by pieces and their joining.
final class ClReduce {
  private static final ClSource SOURCE = ClSource.of(ClReduce.class, "reduce.cl");

  /// Elements a state in F32 may add before it is joined with others, which bounds the error.
  private static final long PIECE = 8192;

  private static final long COLUMN_PIECE = 256;
  private static final int GPU_GROUP = 64;

  /// How one round reduces: expressions of `reduce.cl`. `isLong` where states are `long`.
  record Form(String term, String join, String identity, String finish, boolean isLong) {
    private static final String TOTAL = "s";

    static Form sum(String term, String finish) {
      return new Form(term, "x + y", "0", finish, false);
    }

    static Form count(String finish) {
      return new Form("STATES(x != (V) (0)) & 1", "x + y", "0", finish, true);
    }

    static Form longs(String join, String identity) {
      return new Form("STATES(x)", join, identity, TOTAL, true);
    }

    static Form highest(String term) {
      return new Form(term, "HIGHER(x, y)", "LOWEST", TOTAL, false);
    }

    static Form magnitude() {
      return new Form("fabs(x)", "HIGHER(x, y)", "0", TOTAL, false);
    }

    static Form lowest(String term) {
      return new Form(term, "LOWER(x, y)", "(-LOWEST)", TOTAL, false);
    }

    static Form first() {
      return new Form(
          "(STATES((x == a) | isnan(x)) & 1) != 0 ? i : (SV) (LONG_MAX)",
          "min(x, y)",
          "LONG_MAX",
          TOTAL,
          true);
    }

    boolean isSum() {
      return join.equals("x + y") && !isLong;
    }
  }

  /// Axes of `x` merged to as few as there can be.
  private static final class Plan {
    final List<long[]> kept = new ArrayList<>();
    final List<long[]> reduced = new ArrayList<>();
    final boolean columns;
    final long outs;
    final long n;
    final long step;
    final long rows;

    Plan(Shape x, List<Integer> axes) {
      long stride = 1;
      int last = -1;
      int innermost = -1;
      for (int a = x.rank() - 1; a >= 0; a--) {
        long d = x.dim(a);
        if (d == 1) {
          continue;
        }
        int kind = axes.contains(a) ? 1 : 0;
        innermost = innermost < 0 ? kind : innermost;
        List<long[]> to = kind == 1 ? reduced : kept;
        if (kind == last) {
          to.get(to.size() - 1)[0] *= d;
        } else {
          to.add(new long[] {d, stride});
        }
        last = kind;
        stride *= d;
      }
      columns = innermost == 0;
      long[] run = reduced.isEmpty() ? new long[] {1, 1} : reduced.remove(0);
      n = run[0];
      step = run[1];
      outs = kept.stream().mapToLong(k -> k[0]).reduce(1, Math::multiplyExact);
      rows = n == 0 ? 0 : reduced.stream().mapToLong(k -> k[0]).reduce(1, Math::multiplyExact);
    }

    static long[] part(List<long[]> axes, int i) {
      return axes.stream().mapToLong(a -> a[i]).toArray();
    }
  }

  private final DeviceInfo d;
  private final Spec x;
  private final Spec y;
  private final Plan plan;
  private final double attribute;
  private final int lanes;
  private final long cuts;
  private final long length;
  private final long units;
  private final long pieces;
  private final boolean interleaved;

  private ClReduce(DeviceInfo d, Spec x, List<Integer> axes, Spec y, double attribute) {
    this.d = d;
    this.x = x;
    this.y = y;
    this.attribute = attribute;
    plan = new Plan(x.shape(), axes);
    int full = x.dtype() == DType.F32 && y.dtype() == DType.F32 ? 16 : 8;
    lanes = d.gpu() || (plan.columns ? plan.outs < full : plan.n < 2L * full) ? 1 : full;
    long all = plan.n * plan.rows;
    interleaved = d.gpu() && !plan.columns && all >= 2 * GPU_GROUP;
    if (interleaved) {
      length = 1;
      units = 1;
      cuts = Math.clamp(all / 256, GPU_GROUP, 16_384);
      pieces = cuts;
    } else {
      long piece = plan.columns ? COLUMN_PIECE : PIECE;
      length = Math.max(1, Math.min(plan.n, piece));
      cuts = Math.ceilDiv(plan.n, length);
      units = Math.max(1, piece / length);
      pieces = Math.max(1, Math.ceilDiv(plan.rows * cuts, units));
    }
  }

  /// One round.
  static List<Launch> of(DeviceInfo d, Spec x, List<Integer> axes, Spec y, Form f, double b) {
    ClReduce r = new ClReduce(d, x, axes, y, b);
    DType result = x.dtype().computes() && y.dtype() == x.dtype() ? y.dtype() : DType.I64;
    return List.of(r.pieces(f, false, result), r.finish(f, false, true, result));
  }

  /// Two rounds: `g` sees the result of `f` as `a`.
  static List<Launch> of(
      DeviceInfo d, Spec x, List<Integer> axes, Spec y, Form f, Form g, double b) {
    ClReduce r = new ClReduce(d, x, axes, y, b);
    return List.of(
        r.pieces(f, false, x.dtype()),
        r.finish(f, false, false, x.dtype()),
        r.pieces(g, true, x.dtype()),
        r.finish(g, true, true, x.dtype()));
  }

  private Launch.Builder program(String entry, Form f, boolean prior, boolean last, DType p) {
    DType t = x.dtype();
    Launch.Builder l = Launch.of(SOURCE, entry).computes(t);
    if (f.isSum()) {
      l.define("IS_SUM", 1);
    }
    if (last) {
      l.define("IS_LAST", 1);
    }
    return l.define("S", f.isLong() ? "long" : Launch.name(t))
        .define("P", Launch.name(p))
        .define("F", Launch.name(last ? y.dtype() : p))
        .define("LANES", lanes)
        .define("TERM", f.term())
        .define("JOIN", f.join())
        .define("IDENTITY", f.identity())
        .define("FINISH", "RESULTS(" + f.finish() + ")")
        .define("HAS_PRIOR", prior ? 1 : 0)
        .define("COLUMNS", plan.columns ? 1 : 0)
        .define("INTERLEAVED", interleaved ? 1 : 0);
  }

  private Launch pieces(Form f, boolean prior, DType p) {
    long[] none = {};
    Launch.Builder l =
        program("pieces", f, prior, !prior, p)
            .in(0)
            .scratch(priorBytes())
            .scratch(stateBytes())
            .longs(plan.outs, per())
            .longs(plan.kept.size())
            .long16(Plan.part(plan.kept, 0))
            .long16(Plan.part(plan.kept, 1))
            .longs(plan.n, plan.step, plan.reduced.size())
            .long16(plan.reduced.isEmpty() ? none : Plan.part(plan.reduced, 0))
            .long16(plan.reduced.isEmpty() ? none : Plan.part(plan.reduced, 1))
            .longs(plan.rows, cuts, length, units);
    attribute(l, p, attribute);
    if (interleaved) {
      return l.over(pieces, plan.outs, GPU_GROUP, 1);
    }
    long width = plan.columns ? plan.kept.get(0)[0] : 1;
    long items =
        plan.outs == 0
            ? 0
            : plan.columns
                ? plan.outs / width * Math.ceilDiv(width, (long) lanes)
                : Math.ceilDiv(plan.outs, per());
    return l.over(items, pieces, d.gpu() ? GPU_GROUP : 1, 1);
  }

  private Launch finish(Form f, boolean prior, boolean last, DType p) {
    long per = d.gpu() ? 1 : Math.max(lanes, 2048 / pieces / lanes * lanes);
    Launch.Builder l = program("finish", f, prior, last, p);
    if (last) {
      l.out(0);
    } else {
      l.with(new Launch.Scratch(0, priorBytes()));
    }
    l.with(new Launch.Scratch(0, priorBytes())).scratch(stateBytes()).longs(plan.outs, per, pieces);
    attribute(l, p, (double) (plan.n * plan.rows));
    attribute(l, p, attribute);
    return l.over(Math.ceilDiv(plan.outs, per), d.gpu() ? GPU_GROUP : 1);
  }

  private static void attribute(Launch.Builder l, DType p, double value) {
    if (p.computes()) {
      l.real(p, value);
    } else {
      l.longs((long) value);
    }
  }

  private long per() {
    return d.gpu() ? 1 : Math.max(1, 4096 / Math.max(1, Math.min(PIECE, plan.n * plan.rows)));
  }

  private long priorBytes() {
    return Math.max(64, plan.outs * 8);
  }

  private long stateBytes() {
    return Math.max(64, plan.outs * pieces * 8);
  }
}
