package dev.gatun.contract;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Nearest;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.op.sequence.attention.Routing;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Cases of `dev.gatun.op.sequence.attention.Attention`; `n` is the number of keys, of queries too
/// in square ones, or a head's width.
final class AttentionCases {
  static final List<OpCase> ALL =
      Stream.of(plain(), masks(), lengths(), scores(), weights(), decode(), nearest())
          .flatMap(List::stream)
          .toList();

  private AttentionCases() {}

  private static Attention op(Mask mask, Operand... operands) {
    return new Attention(mask, 0.5, 0, List.of(operands), 0, 0, false);
  }

  /// Sums of as many terms as there are keys; scores of some units, whose errors the exponential
  /// passes on.
  private static OpCase of(String name, Attention op, Function<Draw, List<Input>> inputs) {
    return OpCase.of("attention." + name, op, inputs).ulpsOfScale(n -> 24 + n / 32.0).big(150);
  }

  /// Queries `[b, h, sq, 8]`, keys and values `[b, hk, sk, ..]`, values 12 wide.
  private static List<Input> qkv(Draw d, int b, int h, int hk, int sq, int sk, Input... more) {
    return Stream.concat(
            Stream.of(d.normal(b, h, sq, 8), d.normal(b, hk, sk, 8), d.normal(b, hk, sk, 12)),
            Arrays.stream(more))
        .toList();
  }

  private static List<Input> square(Draw d, Input... more) {
    return qkv(d, 1, 2, 1, d.n(), d.n(), more);
  }

  /// Values in whole panels at any width of vectors.
  private static List<Input> panels(Draw d) {
    return List.of(d.normal(1, 2, d.n(), 8), d.normal(1, 1, d.n(), 8), d.normal(1, 1, d.n(), 32));
  }

  private static Input indices(DType t, int[] values, long... dims) {
    double[] v = Arrays.stream(values).asDoubleStream().toArray();
    return new Input(new Spec(t, Shape.of(dims)), v, false);
  }

  private static List<OpCase> plain() {
    Attention none = op(Mask.none());
    String shapes = "q must be [B, H, Sq, D]";
    return List.of(
        of("keys", none, d -> qkv(d, 2, 4, 2, 3, d.n()))
            .big(3_000)
            .from(1)
            .wrong(shapes, "F32[2,3,4]", "F32[2,3,4]", "F32[2,3,4]")
            .wrong("agree in D", "F32[1,2,3,4]", "F32[1,2,3,5]", "F32[1,2,3,4]")
            .wrong("batches must agree", "F32[1,2,3,4]", "F32[2,2,3,4]", "F32[2,2,3,4]")
            .wrong("batches must agree", "F32[1,2,3,4]", "F32[1,2,3,4]", "F32[1,2,4,4]")
            .wrong("a multiple", "F32[1,3,3,4]", "F32[1,2,3,4]", "F32[1,2,3,4]")
            .wrong("dtypes must agree", "F32[1,2,3,4]", "F64[1,2,3,4]", "F32[1,2,3,4]")
            .wrong("there must be 3 inputs", "F32[1,2,3,4]", "F32[1,2,3,4]"),
        of("square", none, AttentionCases::square).from(1),
        of(
                "depth",
                none,
                d ->
                    List.of(
                        d.normal(1, 2, 5, d.n()),
                        d.normal(1, 1, 9, d.n()),
                        d.normal(1, 1, 9, d.n())))
            .ulpsOfScale(n -> 64 + n)
            .from(1)
            .big(1_040),
        of("one", none, d -> qkv(d, 1, 2, 2, 1, d.n())).from(1).big(20_000),
        of("group", none, d -> qkv(d, 1, 8, 2, 1, d.n())).from(1).big(5_000),
        of("queries", none, d -> qkv(d, 1, 2, 2, d.n(), 5)).big(3_000));
  }

  private static List<OpCase> nearest() {
    return List.of(
        OpCase.of(
                "nearest", new Nearest(), d -> List.of(d.normal(2, 2, d.n(), 5), d.normal(2, 7, 5)))
            .big(5_000)
            .noGradient()
            .wrong("x must be [B, H, S, D]", "F32[2,3,4]", "F32[1,2,4]")
            .wrong("[H or 1, C, D]", "F32[1,3,2,4]", "F32[2,2,4]")
            .wrong("[H or 1, C, D]", "F32[1,3,2,4]", "F32[3,0,4]")
            .wrong("dtypes must agree", "F32[1,3,2,4]", "F64[3,1,4]"),
        OpCase.of(
                "nearest.many",
                new Nearest(),
                d -> List.of(d.normal(1, 2, 70, 6), d.normal(1, d.n(), 6)))
            .from(1)
            .big(1_000)
            .noGradient(),
        routing("routing", false),
        routing("routing.causal", true));
  }

  private static OpCase routing(String name, boolean causal) {
    return OpCase.of(
            name,
            new Routing(5, causal),
            d ->
                List.of(
                    d.indices(DType.I64, 5, 2, 4, d.n()), d.indices(DType.I64, 5, 2, 2, d.n() + 3)))
        .big(1_500)
        .noGradient()
        .wrong("clusters must be I64", "I64[1,2,3]", "I32[1,2,3]")
        .wrong("a multiple of Hk", "I64[1,2,3]", "I64[1,3,3]");
  }

  /// A bias by key, `[1, heads, 1, n]`; key 2 of each head is hidden by it.
  private static Input keyBias(Draw d, int heads) {
    Input bias = d.normal(1, heads, 1, d.n());
    for (int h = 0; h < heads && d.n() > 2; h++) {
      bias = bias.with(h * d.n() + 2, Double.NEGATIVE_INFINITY);
    }
    return bias.constant();
  }

  private static OpCase biased(String name, Mask mask, int heads) {
    Function<Draw, List<Input>> in =
        d -> Stream.concat(panels(d).stream(), Stream.of(keyBias(d, heads))).toList();
    return of(name, op(mask, Operand.BIAS), in).from(1).big(300);
  }

  private static List<OpCase> masks() {
    return List.of(
        of("causal", op(Mask.causal()), AttentionCases::square),
        of("causal.topLeft", op(Mask.causalTopLeft()), d -> qkv(d, 1, 2, 1, d.n() + 2, d.n()))
            .from(1),
        of("causal.longer", op(Mask.causal()), d -> qkv(d, 1, 2, 1, d.n(), d.n() + 70)).big(120),
        of("cut.causal", op(Mask.causal()), AttentionCases::panels),
        of("cut.window", op(Mask.window(20, 5).withSinks(3)), AttentionCases::panels).big(300),
        biased("cut.bias", Mask.causal(), 2),
        biased("cut.bias.shared", Mask.window(20, 5).withSinks(3), 1),
        biased("bias.panels", Mask.none(), 2),
        of("window", op(Mask.window(5, 2)), AttentionCases::square),
        of("window.sinks", op(Mask.window(3, 0).withSinks(2)), AttentionCases::square),
        of("window.wide", op(Mask.window(70, 3)), AttentionCases::square).big(300),
        of("chunks", op(Mask.causal().withChunks(4)), AttentionCases::square));
  }

  private static List<OpCase> lengths() {
    Attention both = op(Mask.causal(), Operand.QUERY_LENGTHS, Operand.KEY_LENGTHS);
    return List.of(
        of(
                "lengths",
                both,
                d ->
                    qkv(
                        d,
                        2,
                        2,
                        1,
                        d.n(),
                        d.n() + 3,
                        indices(DType.I64, new int[] {d.n(), Math.max(0, d.n() - 2)}, 2),
                        indices(DType.I64, new int[] {d.n() + 3, d.n() + 1}, 2)))
            .from(1)
            .wrong(
                "query_lengths must be [B]",
                "F32[1,1,2,4]",
                "F32[1,1,2,4]",
                "F32[1,1,2,4]",
                "I64[2]",
                "I64[1]")
            .wrong(
                "query_lengths must have type I32 or I64",
                "F32[1,1,2,4]",
                "F32[1,1,2,4]",
                "F32[1,1,2,4]",
                "F32[1]",
                "I64[1]"),
        of(
                "runs",
                op(Mask.none(), Operand.RUNS),
                d -> square(d, indices(DType.I32, runs(d.n()), d.n(), 4)))
            .from(1),
        of("blocks", op(Mask.causal(), Operand.BLOCKS), d -> square(d, blocks(d.n())))
            .from(1)
            .big(300),
        of("visible", op(Mask.none(), Operand.VISIBLE), d -> square(d, ones(d, 2, d.n(), d.n())))
            .from(1),
        of("visible.row", op(Mask.causal(), Operand.VISIBLE), d -> square(d, ones(d, 1, d.n())))
            .from(1));
  }

  /// Each query sees its own key and, of those before, a run at the beginning.
  private static int[] runs(int n) {
    return IntStream.range(0, n).flatMap(i -> IntStream.of(0, i / 2, i, i + 1)).toArray();
  }

  private static Input blocks(int n) {
    int count = (n + 63) / 64;
    int[] on =
        IntStream.range(0, count * count)
            .map(e -> e % count == e / count || e % count == 0 ? 1 : 0)
            .toArray();
    return indices(DType.BOOL, on, 1, 1, count, count);
  }

  /// Mostly true, and true for the first key.
  private static Input ones(Draw d, long... dims) {
    Input in = d.indices(DType.BOOL, 2, dims);
    double[] v = in.values();
    int row = (int) dims[dims.length - 1];
    for (int i = 0; i < v.length; i += row) {
      v[i] = 1;
    }
    return in;
  }

  private static List<OpCase> scores() {
    Attention capped = new Attention(Mask.causal(), 0.7, 2, List.of(), 0, 0, false);
    return List.of(
        of("softcap", capped, AttentionCases::square),
        of(
                "negative",
                new Attention(Mask.none(), -0.5, 0, List.of(), 0, 0, false),
                AttentionCases::square)
            .from(1),
        of("bias", op(Mask.none(), Operand.BIAS), d -> square(d, d.normal(2, d.n(), d.n())))
            .from(1)
            .wrong(
                "bias must be repeatable",
                "F32[1,1,2,4]",
                "F32[1,1,3,4]",
                "F32[1,1,3,4]",
                "F32[3,3]"),
        of("bias.key", op(Mask.causal(), Operand.BIAS), d -> square(d, d.normal(2, 1, d.n()))),
        of("bias.query", op(Mask.none(), Operand.BIAS), d -> square(d, d.normal(2, d.n(), 1)))
            .from(1)
            .big(400),
        of("sink", op(Mask.causal(), Operand.SINK), d -> square(d, d.normal(2))),
        of(
            "slopes",
            op(Mask.causal(), Operand.SLOPES),
            d -> square(d, d.uniform(0, 1, 2).constant())),
        of("decay", op(Mask.causal(), Operand.DECAY), d -> square(d, d.normal(1, 2, d.n()))),
        of(
            "decay.window.sink",
            op(Mask.window(3, 0), Operand.SINK, Operand.DECAY),
            d -> square(d, d.normal(2), d.normal(1, 2, d.n()))),
        of("relative", op(Mask.causal(), Operand.RELATIVE), d -> square(d, d.normal(2, 7))),
        of(
                "relative.shared",
                op(Mask.none(), Operand.RELATIVE),
                d -> square(d, d.normal(1, 2 * d.n() + 1)))
            .from(1),
        of(
                "max",
                new Attention(Mask.causal(), 0.5, 0, List.of(Operand.SINK), 0, 0, true),
                d -> square(d, d.normal(2)))
            .noGradient());
  }

  private static List<OpCase> weights() {
    return List.of(
        of("factor", op(Mask.causal(), Operand.FACTOR), d -> square(d, d.normal(2, 9))),
        of(
            "dropout",
            new Attention(Mask.causal(), 0.5, 0, List.of(), 0.25, 7, false),
            AttentionCases::square),
        of(
                "all",
                new Attention(
                    Mask.window(40, 0).withSinks(3),
                    0.5,
                    3,
                    List.of(Operand.values()).stream().filter(o -> o != Operand.RUNS).toList(),
                    0.1,
                    3,
                    false),
                d ->
                    square(
                        d,
                        indices(DType.I32, new int[] {d.n()}, 1),
                        indices(DType.I32, new int[] {d.n()}, 1),
                        blocks(d.n()),
                        ones(d, 1, d.n()),
                        d.normal(1, d.n(), d.n()),
                        d.normal(2),
                        d.uniform(0, 1, 1, 2).constant(),
                        d.normal(1, 2, d.n()),
                        d.normal(1, 5),
                        d.normal(2, 11)))
            .from(1));
  }

  /// Few queries: heads of a group and queries share what is read of keys and values. Sizes reach
  /// several splits, chunks that are not full, and rows of every padding.
  private static List<OpCase> decode() {
    Attention all =
        new Attention(
            Mask.window(1500, 0).withSinks(5),
            0.5,
            4,
            List.of(Operand.KEY_LENGTHS, Operand.SINK, Operand.SLOPES, Operand.DECAY),
            0,
            0,
            true);
    Attention window = op(Mask.window(2, 0).withSinks(2));
    return List.of(
        of("decode.two", op(Mask.causal()), d -> qkv(d, 1, 2, 2, 2, d.n())).from(2).big(9_000),
        of("decode.three", op(Mask.none()), d -> qkv(d, 2, 3, 1, 1, d.n())).from(1).big(3_000),
        of("decode.six", op(Mask.causal()), d -> qkv(d, 1, 4, 2, 3, d.n())).from(3).big(9_000),
        of("decode.sixteen", op(Mask.causal()), d -> qkv(d, 1, 16, 2, 2, d.n())).from(2).big(5_000),
        of(
                "decode.width",
                op(Mask.none()),
                d ->
                    List.of(
                        d.normal(1, 4, 1, d.n()),
                        d.normal(1, 1, 600, d.n()),
                        d.normal(1, 1, 600, d.n())))
            .ulpsOfScale(n -> 64 + n)
            .from(1)
            .big(230),
        of("decode.window", window, d -> qkv(d, 1, 2, 2, 1, d.n())).from(1),
        of(
                "decode.capacity",
                op(Mask.causal(), Operand.QUERY_LENGTHS, Operand.KEY_LENGTHS),
                d ->
                    qkv(
                        d,
                        2,
                        4,
                        2,
                        2,
                        d.n(),
                        indices(DType.I32, new int[] {2, 1}, 2),
                        indices(DType.I32, new int[] {d.n(), d.n() / 2}, 2)))
            .from(2)
            .big(9_000),
        of(
                "decode.runs",
                op(Mask.causal(), Operand.RUNS),
                d ->
                    qkv(
                        d,
                        1,
                        2,
                        1,
                        2,
                        d.n(),
                        indices(
                            DType.I32,
                            new int[] {
                              0, d.n() / 3, d.n() / 2, d.n(), 1, d.n() / 4, d.n() - 1, d.n()
                            },
                            2,
                            4)))
            .from(4)
            .big(9_000),
        of(
                "decode.decay",
                op(Mask.causal(), Operand.SLOPES, Operand.DECAY),
                d ->
                    qkv(
                        d,
                        1,
                        4,
                        2,
                        1,
                        d.n(),
                        d.uniform(0, 1, 1, 4).constant(),
                        d.normal(1, 4, d.n())))
            .from(1)
            .big(9_000),
        of(
                "decode.all",
                all,
                d ->
                    qkv(
                        d,
                        2,
                        4,
                        1,
                        1,
                        d.n(),
                        indices(DType.I64, new int[] {d.n(), (d.n() + 1) / 2}, 2),
                        d.normal(4),
                        d.uniform(0, 0.1, 4).constant(),
                        d.normal(2, 4, d.n())))
            .from(1)
            .big(9_000)
            .noGradient());
  }
}
