package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SplitKvTest {
  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void anyPartsAreTheWhole(DType t) {
    try (Alike a = new Alike(t)) {
      Tensor q = a.leaf(1, 2, 4, 20, 8);
      Tensor k = a.leaf(2, 2, 2, 33, 8);
      Tensor v = a.leaf(3, 2, 2, 33, 8);
      Tensor sink = a.leaf(4, 4);
      Tensor sum = a.leaf(5, 2, 4, 33);
      for (Mask m : List.of(Mask.none(), Mask.causal(), Mask.window(4, 1))) {
        AttentionOptions options =
            AttentionOptions.of(m)
                .withSoftcap(5)
                .withDropout(0.2, 3)
                .with(Operand.SINK, sink)
                .with(Operand.DECAY, sum);
        Attention.Result want = Attention.of(q, k, v, options);
        for (int parts : new int[] {1, 2, 4, 20, 50}) {
          SplitKv.Result r = SplitKv.of(q, k, v, parts, options);
          assertEquals(parts, r.parts().size());
          a.same(
              m + " in " + parts,
              List.of(want.o(), want.lse()),
              List.of(r.o(), r.lse()),
              q,
              k,
              v,
              sink,
              sum);
        }
      }
    }
  }

  @Test
  void partsWithoutKeysGiveNothing() {
    try (Alike a = new Alike(DType.F64)) {
      Tensor q = a.leaf(1, 1, 1, 1, 4);
      Tensor k = a.leaf(2, 1, 1, 5, 4);
      SplitKv.Result r = SplitKv.of(q, k, k, 4, AttentionOptions.of(Mask.none()));
      double[] lse = {Double.NEGATIVE_INFINITY};
      assertEquals(0, r.parts().get(3).o().sum().item());
      assertEquals(Arrays.toString(lse), Arrays.toString(r.parts().get(3).lse().toDoubleArray()));
      a.same("last", List.of(r.o()), List.of(Attention.of(q, k, k, Mask.none())), q, k);
    }
  }

  @Test
  void saysWhatDoesNotFit() {
    try (Alike a = new Alike(DType.F32)) {
      Tensor x = a.leaf(1, 1, 2, 4, 8);
      AttentionOptions none = AttentionOptions.of(Mask.none());
      Alike.says("parts must be at least 1", () -> SplitKv.of(x, x, x, 0, none));
      Alike.says("sinks and max logits", () -> SplitKv.of(x, x, x, 2, none.withMaxLogits()));
      Mask sinks = Mask.window(2, 0).withSinks(1);
      Alike.says("sinks and max", () -> SplitKv.of(x, x, x, 2, AttentionOptions.of(sinks)));
    }
  }
}
