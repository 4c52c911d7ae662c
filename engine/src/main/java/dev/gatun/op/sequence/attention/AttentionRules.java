package dev.gatun.op.sequence.attention;

import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// What the inputs of an [Attention] must be.
final class AttentionRules {
  private AttentionRules() {}

  /// @throws IllegalArgumentException in the op's form if a rule is broken
  static void require(Attention op, List<Spec> in) {
    String names = op.names();
    Rules.count(Attention.FIRST_OPERAND + op.operands().size(), op, names, in);
    Rules.computing(op, "q k v", in.subList(0, 3));
    Shape q = in.get(Attention.Q).shape();
    Shape k = in.get(Attention.K).shape();
    Shape v = in.get(Attention.V).shape();
    boolean ranks = q.rank() == 4 && k.rank() == 4 && v.rank() == 4;
    Rules.require(
        ranks, op, "q must be [B, H, Sq, D], k [B, Hk, Sk, D] and v [B, Hk, Sk, Dv]", names, in);
    Rules.require(q.dim(3) == k.dim(3) && q.dim(3) > 0, op, "q and k must agree in D", names, in);
    Rules.require(
        q.dim(0) == k.dim(0)
            && k.dim(0) == v.dim(0)
            && k.dim(1) == v.dim(1)
            && k.dim(2) == v.dim(2),
        op,
        "batches must agree, and k and v in heads and length",
        names,
        in);
    Rules.require(
        k.dim(1) > 0 && q.dim(1) % k.dim(1) == 0,
        op,
        "the heads of q must be a multiple of those of k",
        names,
        in);
    for (Operand o : op.operands()) {
      operand(op, o, in.get(op.input(o)), in.get(Attention.Q).dtype(), in);
    }
    Rules.require(
        !op.has(Operand.RUNS) || op.mask().sinks() == 0,
        op,
        "a mask beside runs must have no sinks",
        names,
        in);
  }

  private static void operand(Attention op, Operand o, Spec s, DType type, List<Spec> in) {
    String name = o.name().toLowerCase(java.util.Locale.ROOT);
    boolean typed =
        switch (o) {
          case QUERY_LENGTHS, KEY_LENGTHS, RUNS -> s.dtype() == DType.I32 || s.dtype() == DType.I64;
          case BLOCKS, VISIBLE -> s.dtype() == DType.BOOL;
          case BIAS, SINK, SLOPES, DECAY, RELATIVE, FACTOR -> s.dtype() == type;
        };
    Rules.require(typed, op, name + " must have " + type(o), op.names(), in);
    Rules.require(fits(o, s.shape(), in), op, name + " must be " + shape(o), op.names(), in);
  }

  private static String type(Operand o) {
    return switch (o) {
      case QUERY_LENGTHS, KEY_LENGTHS, RUNS -> "type I32 or I64";
      case BLOCKS, VISIBLE -> "type BOOL";
      case BIAS, SINK, SLOPES, DECAY, RELATIVE, FACTOR -> "the type of q";
    };
  }

  private static String shape(Operand o) {
    return switch (o) {
      case QUERY_LENGTHS, KEY_LENGTHS -> "[B]";
      case RUNS -> "[Sq, 4] or [B or 1, H or 1, Sq, 4]";
      case BLOCKS -> "[B or 1, H or 1, ceil(Sq / 64), ceil(Sk / 64)]";
      case VISIBLE, BIAS -> "repeatable to [B, H, Sq, Sk]";
      case SINK -> "[H]";
      case SLOPES -> "[H] or [B, H]";
      case DECAY -> "[B, H, Sk]";
      case RELATIVE, FACTOR -> "[H or 1, n] with n odd";
    };
  }

  private static boolean fits(Operand o, Shape s, List<Spec> in) {
    Shape q = in.get(Attention.Q).shape();
    long b = q.dim(0);
    long h = q.dim(1);
    long sq = q.dim(2);
    long sk = in.get(Attention.K).shape().dim(2);
    return switch (o) {
      case QUERY_LENGTHS, KEY_LENGTHS -> s.equals(Shape.of(b));
      case RUNS -> s.equals(Shape.of(sq, 4)) || perHead(s, b, h, sq, 4);
      case BLOCKS -> perHead(s, b, h, blocks(sq), blocks(sk));
      case VISIBLE, BIAS -> repeats(s, Shape.of(b, h, sq, sk));
      case SINK -> s.equals(Shape.of(h));
      case SLOPES -> s.equals(Shape.of(h)) || s.equals(Shape.of(b, h));
      case DECAY -> s.equals(Shape.of(b, h, sk));
      case RELATIVE, FACTOR ->
          s.rank() == 2 && (s.dim(0) == 1 || s.dim(0) == h) && s.dim(1) % 2 == 1;
    };
  }

  /// Blocks that `n` queries or keys make.
  static long blocks(long n) {
    return (n + Attention.BLOCK - 1) / Attention.BLOCK;
  }

  private static boolean perHead(Shape s, long b, long h, long rows, long columns) {
    return s.rank() == 4
        && (s.dim(0) == b || s.dim(0) == 1)
        && (s.dim(1) == h || s.dim(1) == 1)
        && s.dim(2) == rows
        && s.dim(3) == columns;
  }

  private static boolean repeats(Shape s, Shape to) {
    if (s.rank() > to.rank()) {
      return false;
    }
    for (int i = 1; i <= s.rank(); i++) {
      if (s.dim(-i) != to.dim(-i) && s.dim(-i) != 1) {
        return false;
      }
    }
    return true;
  }
}
