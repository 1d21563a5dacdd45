module @f8e4m3fn_arithmetic attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<16xf8E4M3FN>, %arg1: tensor<16xf8E4M3FN>) -> (tensor<16xf8E4M3FN>, tensor<16xf8E4M3FN>, tensor<16xf8E4M3FN>, tensor<16xf32>, tensor<16xf16>, tensor<16xi1>) {
    %0 = stablehlo.add %arg0, %arg1 : tensor<16xf8E4M3FN>
    %1 = stablehlo.multiply %arg0, %arg1 : tensor<16xf8E4M3FN>
    %2 = stablehlo.negate %arg0 : tensor<16xf8E4M3FN>
    %3 = stablehlo.convert %arg0 : (tensor<16xf8E4M3FN>) -> tensor<16xf32>
    %4 = stablehlo.convert %arg1 : (tensor<16xf8E4M3FN>) -> tensor<16xf16>
    %5 = stablehlo.compare LT, %arg0, %arg1, FLOAT : (tensor<16xf8E4M3FN>, tensor<16xf8E4M3FN>) -> tensor<16xi1>
    return %0, %1, %2, %3, %4, %5 : tensor<16xf8E4M3FN>, tensor<16xf8E4M3FN>, tensor<16xf8E4M3FN>, tensor<16xf32>, tensor<16xf16>, tensor<16xi1>
  }
}
