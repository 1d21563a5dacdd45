module @f8_every_bit_pattern attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<256xui8>, %arg1: tensor<256xui8>) -> (tensor<256xf32>, tensor<256xf32>) {
    %0 = stablehlo.bitcast_convert %arg0 : (tensor<256xui8>) -> tensor<256xf8E4M3FN>
    %1 = stablehlo.convert %0 : (tensor<256xf8E4M3FN>) -> tensor<256xf32>
    %2 = stablehlo.bitcast_convert %arg1 : (tensor<256xui8>) -> tensor<256xf8E5M2>
    %3 = stablehlo.convert %2 : (tensor<256xf8E5M2>) -> tensor<256xf32>
    return %1, %3 : tensor<256xf32>, tensor<256xf32>
  }
}
