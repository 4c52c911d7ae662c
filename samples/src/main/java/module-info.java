/// The `gatun` command line and its lessons.
// The tokenizer's module and HDF5's are automatic ones, which say nothing of what they need: the
// tokenizer's API, logging and JSON are named here.
@SuppressWarnings("requires-automatic")
module dev.gatun.samples {
  requires ai.djl.api;
  requires ai.djl.tokenizers;
  requires com.fasterxml.jackson.databind;
  requires com.google.gson;
  requires dev.gatun.engine;
  requires dev.gatun.opencl;
  requires info.picocli;
  requires io.jhdf;
  requires java.desktop;
  requires java.management;
  requires jdk.incubator.vector;
  requires me.tongfei.progressbar;
  requires org.knowm.xchart;
  requires org.lwjgl;
  requires org.lwjgl.natives;
  requires org.lwjgl.opencl;
  requires org.slf4j;

  opens dev.gatun.samples to
      info.picocli;
  opens dev.gatun.samples.basecall to
      info.picocli;
  opens dev.gatun.samples.conform to
      info.picocli;
  opens dev.gatun.samples.digits to
      info.picocli;
  opens dev.gatun.samples.generate to
      info.picocli;
  opens dev.gatun.samples.lesson to
      info.picocli;
  opens dev.gatun.samples.text to
      info.picocli;
  opens dev.gatun.samples.vad to
      info.picocli;

  uses dev.gatun.device.DeviceProvider;
}
