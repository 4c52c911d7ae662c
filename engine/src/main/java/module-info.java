/// The tensor engine: tensors, operators with their gradients, the CPU device, layers and
/// optimisers.
///
/// The kernels want `jdk.incubator.vector`. On the module path it is there; on the class path it
/// takes `--add-modules jdk.incubator.vector`, and without it the reference kernels run.
module dev.gatun.engine {
  requires dev.gatun.bindings;
  requires jdk.incubator.vector;
  requires static org.jspecify;

  exports dev.gatun.autograd;
  exports dev.gatun.cpu;
  exports dev.gatun.decode.cache;
  exports dev.gatun.device;
  exports dev.gatun.io;
  exports dev.gatun.io.onnx;
  exports dev.gatun.nn;
  exports dev.gatun.nn.rwkv;
  exports dev.gatun.nn.s4;
  exports dev.gatun.nn.scan;
  exports dev.gatun.op;
  exports dev.gatun.op.linear;
  exports dev.gatun.op.loss;
  exports dev.gatun.op.math;
  exports dev.gatun.op.random;
  exports dev.gatun.op.reduce;
  exports dev.gatun.op.sequence.attention;
  exports dev.gatun.op.sequence.linear;
  exports dev.gatun.op.sequence.rnn;
  exports dev.gatun.op.sequence.s4;
  exports dev.gatun.op.sequence.scan;
  exports dev.gatun.op.sequence.ssd;
  exports dev.gatun.op.shape;
  exports dev.gatun.tensor;
  exports dev.gatun.train;

  uses dev.gatun.device.DeviceProvider;

  provides dev.gatun.device.DeviceProvider with
      dev.gatun.cpu.CpuDeviceProvider;
}
