package dev.gatun.jmh;

import ai.djl.Model;
import ai.djl.ModelException;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.stream.IntStream;

/// A function of PyTorch's, as TorchScript, called through DJL on tensors that stay in its memory.
final class PyTorch implements AutoCloseable, Contender {
  private final Model model;
  private final Block block;
  private final NDManager manager;
  private final ParameterStore parameters;
  private final NDList in = new NDList();

  private PyTorch(Model model) {
    this.model = model;
    this.block = model.getBlock();
    this.manager = model.getNDManager().newSubManager();
    this.parameters = new ParameterStore(manager, false);
  }

  /// The function in resource `peers/name.pt`.
  static PyTorch open(String name, int threads) {
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("DJL_OFFLINE", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    Model model = Model.newInstance(name, "PyTorch");
    JniUtils.setNumThreads(threads);
    try (InputStream file = PyTorch.class.getResourceAsStream("/peers/" + name + ".pt")) {
      if (file == null) {
        throw new IllegalArgumentException("PyTorch: there must be a resource peers/" + name);
      }
      model.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ModelException e) {
      throw new IllegalStateException("PyTorch: " + name + " does not load", e);
    }
    return new PyTorch(model);
  }

  /// Version and threads.
  static String describe() {
    return "PyTorch %s, threads %d"
        .formatted(Engine.getEngine("PyTorch").getVersion(), JniUtils.getNumThreads());
  }

  /// Appends an input.
  void with(float[] values, long... shape) {
    in.add(manager.create(values, new Shape(shape)));
  }

  /// One call, its result freed.
  @Override
  public Object call() {
    try (NDManager step = manager.newSubManager()) {
      NDList out = block.forward(parameters, in, false);
      out.attach(step);
      return out;
    }
  }

  /// One call and the gradients of the result's sum with respect to all inputs.
  Object gradients() {
    try (NDManager step = manager.newSubManager();
        GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      NDList out = block.forward(parameters, in, true);
      out.attach(step);
      collector.backward(out.singletonOrThrow().sum());
      return out;
    }
  }

  /// Inputs whose gradients [#gradients] is to make.
  void requireGradients() {
    in.forEach(x -> x.setRequiresGradient(true));
  }

  /// The gradient of input `i`, after [#gradients].
  double[] gradient(int i) {
    try (NDArray d = in.get(i).getGradient()) {
      float[] y = d.toFloatArray();
      return IntStream.range(0, y.length).mapToDouble(j -> y[j]).toArray();
    }
  }

  /// The result of one call.
  double[] result() {
    try (NDManager step = manager.newSubManager()) {
      NDList out = block.forward(parameters, in, false);
      out.attach(step);
      float[] y = out.singletonOrThrow().toFloatArray();
      return IntStream.range(0, y.length).mapToDouble(i -> y[i]).toArray();
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
