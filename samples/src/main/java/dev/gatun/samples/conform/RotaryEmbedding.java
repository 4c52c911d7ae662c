package dev.gatun.samples.conform;

import dev.gatun.op.sequence.attention.Rope;
import dev.gatun.op.sequence.attention.Rotary;
import dev.gatun.tensor.Tensor;
import java.util.Map;

/// `rope`: rotary embedding of `x (B, S, H, D)`, with the tables.
final class RotaryEmbedding implements Adapter {
  @Override
  public String file() {
    return "rope";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    if (!op.equals("rope")) {
      throw Adapter.missing(op);
    }
    Tensor x = a.in("x");
    long size = x.dim(1);
    long offset = a.flags().integer("offset", 0);
    Rotary rotary =
        Rotary.of(a.flags().integer("rotary_dim", x.dim(3)))
            .withBase(a.flags().number("base", 10_000))
            .withInterleaved(a.flags().bool("interleaved", false));
    double scaleBase = a.flags().number("scale_base", 0);
    if (scaleBase != 0) {
      rotary = rotary.withXPos(Rotary.XPos.of(scaleBase, offset, size));
    }
    Rotary.Tables tables = rotary.tables(x.scope(), x.dtype(), offset, size);
    Tensor y = Rope.of(x.transpose(1, 2), rotary, tables).transpose(1, 2);
    return new Result(Rope.class, Map.of("y", y, "cos", tables.cos(), "sin", tables.sin()));
  }
}
