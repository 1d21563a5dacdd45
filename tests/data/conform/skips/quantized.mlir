func.func @main() -> tensor<2xf32> {
  %a = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %q = stablehlo.uniform_quantize %a : (tensor<2xf32>) -> tensor<2x!quant.uniform<i8:f32, 0.5:0>>
  %b = stablehlo.uniform_dequantize %q : (tensor<2x!quant.uniform<i8:f32, 0.5:0>>) -> tensor<2xf32>
  stablehlo.custom_call @check.expect_eq(%b, %a) : (tensor<2xf32>, tensor<2xf32>) -> ()
  return %b : tensor<2xf32>
}
