"""Programs that several tests of the command run."""
from pathlib import Path

ADD = """module @add {
  func.func public @main(%a: tensor<4xf32>, %b: tensor<4xf32>)
      -> tensor<4xf32> {
    %0 = stablehlo.add %a, %b : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
"""

ENDLESS = """module @endless {
  func.func public @main(%a: tensor<f32>) -> tensor<f32> {
    %0 = stablehlo.while(%x = %a) : tensor<f32>
    cond {
      %c = stablehlo.constant dense<true> : tensor<i1>
      stablehlo.return %c : tensor<i1>
    } do {
      %y = stablehlo.add %x, %x : tensor<f32>
      stablehlo.return %y : tensor<f32>
    }
    return %0 : tensor<f32>
  }
}
"""


def program(text=ADD, name="model.mlir"):
    Path(name).write_text(text)
    return name
