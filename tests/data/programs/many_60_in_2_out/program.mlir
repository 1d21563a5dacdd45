module @many_60_in_2_out attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<2xi32>, %arg1: tensor<2xi32>, %arg2: tensor<2xi32>, %arg3: tensor<2xi32>, %arg4: tensor<2xi32>, %arg5: tensor<2xi32>, %arg6: tensor<2xi32>, %arg7: tensor<2xi32>, %arg8: tensor<2xi32>, %arg9: tensor<2xi32>, %arg10: tensor<2xi32>, %arg11: tensor<2xi32>, %arg12: tensor<2xi32>, %arg13: tensor<2xi32>, %arg14: tensor<2xi32>, %arg15: tensor<2xi32>, %arg16: tensor<2xi32>, %arg17: tensor<2xi32>, %arg18: tensor<2xi32>, %arg19: tensor<2xi32>, %arg20: tensor<2xi32>, %arg21: tensor<2xi32>, %arg22: tensor<2xi32>, %arg23: tensor<2xi32>, %arg24: tensor<2xi32>, %arg25: tensor<2xi32>, %arg26: tensor<2xi32>, %arg27: tensor<2xi32>, %arg28: tensor<2xi32>, %arg29: tensor<2xi32>, %arg30: tensor<2xi32>, %arg31: tensor<2xi32>, %arg32: tensor<2xi32>, %arg33: tensor<2xi32>, %arg34: tensor<2xi32>, %arg35: tensor<2xi32>, %arg36: tensor<2xi32>, %arg37: tensor<2xi32>, %arg38: tensor<2xi32>, %arg39: tensor<2xi32>, %arg40: tensor<2xi32>, %arg41: tensor<2xi32>, %arg42: tensor<2xi32>, %arg43: tensor<2xi32>, %arg44: tensor<2xi32>, %arg45: tensor<2xi32>, %arg46: tensor<2xi32>, %arg47: tensor<2xi32>, %arg48: tensor<2xi32>, %arg49: tensor<2xi32>, %arg50: tensor<2xi32>, %arg51: tensor<2xi32>, %arg52: tensor<2xi32>, %arg53: tensor<2xi32>, %arg54: tensor<2xi32>, %arg55: tensor<2xi32>, %arg56: tensor<2xi32>, %arg57: tensor<2xi32>, %arg58: tensor<2xi32>, %arg59: tensor<2xi32>) -> (tensor<2xi32>, tensor<2xi32>) {
    %c = stablehlo.constant dense<0> : tensor<i32>
    %0 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %1 = stablehlo.add %0, %arg0 : tensor<2xi32>
    %2 = stablehlo.add %1, %arg1 : tensor<2xi32>
    %3 = stablehlo.add %2, %arg2 : tensor<2xi32>
    %4 = stablehlo.add %3, %arg3 : tensor<2xi32>
    %5 = stablehlo.add %4, %arg4 : tensor<2xi32>
    %6 = stablehlo.add %5, %arg5 : tensor<2xi32>
    %7 = stablehlo.add %6, %arg6 : tensor<2xi32>
    %8 = stablehlo.add %7, %arg7 : tensor<2xi32>
    %9 = stablehlo.add %8, %arg8 : tensor<2xi32>
    %10 = stablehlo.add %9, %arg9 : tensor<2xi32>
    %11 = stablehlo.add %10, %arg10 : tensor<2xi32>
    %12 = stablehlo.add %11, %arg11 : tensor<2xi32>
    %13 = stablehlo.add %12, %arg12 : tensor<2xi32>
    %14 = stablehlo.add %13, %arg13 : tensor<2xi32>
    %15 = stablehlo.add %14, %arg14 : tensor<2xi32>
    %16 = stablehlo.add %15, %arg15 : tensor<2xi32>
    %17 = stablehlo.add %16, %arg16 : tensor<2xi32>
    %18 = stablehlo.add %17, %arg17 : tensor<2xi32>
    %19 = stablehlo.add %18, %arg18 : tensor<2xi32>
    %20 = stablehlo.add %19, %arg19 : tensor<2xi32>
    %21 = stablehlo.add %20, %arg20 : tensor<2xi32>
    %22 = stablehlo.add %21, %arg21 : tensor<2xi32>
    %23 = stablehlo.add %22, %arg22 : tensor<2xi32>
    %24 = stablehlo.add %23, %arg23 : tensor<2xi32>
    %25 = stablehlo.add %24, %arg24 : tensor<2xi32>
    %26 = stablehlo.add %25, %arg25 : tensor<2xi32>
    %27 = stablehlo.add %26, %arg26 : tensor<2xi32>
    %28 = stablehlo.add %27, %arg27 : tensor<2xi32>
    %29 = stablehlo.add %28, %arg28 : tensor<2xi32>
    %30 = stablehlo.add %29, %arg29 : tensor<2xi32>
    %31 = stablehlo.add %30, %arg30 : tensor<2xi32>
    %32 = stablehlo.add %31, %arg31 : tensor<2xi32>
    %33 = stablehlo.add %32, %arg32 : tensor<2xi32>
    %34 = stablehlo.add %33, %arg33 : tensor<2xi32>
    %35 = stablehlo.add %34, %arg34 : tensor<2xi32>
    %36 = stablehlo.add %35, %arg35 : tensor<2xi32>
    %37 = stablehlo.add %36, %arg36 : tensor<2xi32>
    %38 = stablehlo.add %37, %arg37 : tensor<2xi32>
    %39 = stablehlo.add %38, %arg38 : tensor<2xi32>
    %40 = stablehlo.add %39, %arg39 : tensor<2xi32>
    %41 = stablehlo.add %40, %arg40 : tensor<2xi32>
    %42 = stablehlo.add %41, %arg41 : tensor<2xi32>
    %43 = stablehlo.add %42, %arg42 : tensor<2xi32>
    %44 = stablehlo.add %43, %arg43 : tensor<2xi32>
    %45 = stablehlo.add %44, %arg44 : tensor<2xi32>
    %46 = stablehlo.add %45, %arg45 : tensor<2xi32>
    %47 = stablehlo.add %46, %arg46 : tensor<2xi32>
    %48 = stablehlo.add %47, %arg47 : tensor<2xi32>
    %49 = stablehlo.add %48, %arg48 : tensor<2xi32>
    %50 = stablehlo.add %49, %arg49 : tensor<2xi32>
    %51 = stablehlo.add %50, %arg50 : tensor<2xi32>
    %52 = stablehlo.add %51, %arg51 : tensor<2xi32>
    %53 = stablehlo.add %52, %arg52 : tensor<2xi32>
    %54 = stablehlo.add %53, %arg53 : tensor<2xi32>
    %55 = stablehlo.add %54, %arg54 : tensor<2xi32>
    %56 = stablehlo.add %55, %arg55 : tensor<2xi32>
    %57 = stablehlo.add %56, %arg56 : tensor<2xi32>
    %58 = stablehlo.add %57, %arg57 : tensor<2xi32>
    %59 = stablehlo.add %58, %arg58 : tensor<2xi32>
    %60 = stablehlo.add %59, %arg59 : tensor<2xi32>
    %c_0 = stablehlo.constant dense<1> : tensor<i32>
    %61 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %62 = stablehlo.multiply %arg0, %61 : tensor<2xi32>
    %c_1 = stablehlo.constant dense<0> : tensor<i32>
    %63 = stablehlo.broadcast_in_dim %c_1, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %64 = stablehlo.add %63, %62 : tensor<2xi32>
    %c_2 = stablehlo.constant dense<-1> : tensor<i32>
    %65 = stablehlo.broadcast_in_dim %c_2, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %66 = stablehlo.multiply %arg1, %65 : tensor<2xi32>
    %67 = stablehlo.add %64, %66 : tensor<2xi32>
    %c_3 = stablehlo.constant dense<1> : tensor<i32>
    %68 = stablehlo.broadcast_in_dim %c_3, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %69 = stablehlo.multiply %arg2, %68 : tensor<2xi32>
    %70 = stablehlo.add %67, %69 : tensor<2xi32>
    %c_4 = stablehlo.constant dense<-1> : tensor<i32>
    %71 = stablehlo.broadcast_in_dim %c_4, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %72 = stablehlo.multiply %arg3, %71 : tensor<2xi32>
    %73 = stablehlo.add %70, %72 : tensor<2xi32>
    %c_5 = stablehlo.constant dense<1> : tensor<i32>
    %74 = stablehlo.broadcast_in_dim %c_5, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %75 = stablehlo.multiply %arg4, %74 : tensor<2xi32>
    %76 = stablehlo.add %73, %75 : tensor<2xi32>
    %c_6 = stablehlo.constant dense<-1> : tensor<i32>
    %77 = stablehlo.broadcast_in_dim %c_6, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %78 = stablehlo.multiply %arg5, %77 : tensor<2xi32>
    %79 = stablehlo.add %76, %78 : tensor<2xi32>
    %c_7 = stablehlo.constant dense<1> : tensor<i32>
    %80 = stablehlo.broadcast_in_dim %c_7, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %81 = stablehlo.multiply %arg6, %80 : tensor<2xi32>
    %82 = stablehlo.add %79, %81 : tensor<2xi32>
    %c_8 = stablehlo.constant dense<-1> : tensor<i32>
    %83 = stablehlo.broadcast_in_dim %c_8, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %84 = stablehlo.multiply %arg7, %83 : tensor<2xi32>
    %85 = stablehlo.add %82, %84 : tensor<2xi32>
    %c_9 = stablehlo.constant dense<1> : tensor<i32>
    %86 = stablehlo.broadcast_in_dim %c_9, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %87 = stablehlo.multiply %arg8, %86 : tensor<2xi32>
    %88 = stablehlo.add %85, %87 : tensor<2xi32>
    %c_10 = stablehlo.constant dense<-1> : tensor<i32>
    %89 = stablehlo.broadcast_in_dim %c_10, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %90 = stablehlo.multiply %arg9, %89 : tensor<2xi32>
    %91 = stablehlo.add %88, %90 : tensor<2xi32>
    %c_11 = stablehlo.constant dense<1> : tensor<i32>
    %92 = stablehlo.broadcast_in_dim %c_11, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %93 = stablehlo.multiply %arg10, %92 : tensor<2xi32>
    %94 = stablehlo.add %91, %93 : tensor<2xi32>
    %c_12 = stablehlo.constant dense<-1> : tensor<i32>
    %95 = stablehlo.broadcast_in_dim %c_12, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %96 = stablehlo.multiply %arg11, %95 : tensor<2xi32>
    %97 = stablehlo.add %94, %96 : tensor<2xi32>
    %c_13 = stablehlo.constant dense<1> : tensor<i32>
    %98 = stablehlo.broadcast_in_dim %c_13, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %99 = stablehlo.multiply %arg12, %98 : tensor<2xi32>
    %100 = stablehlo.add %97, %99 : tensor<2xi32>
    %c_14 = stablehlo.constant dense<-1> : tensor<i32>
    %101 = stablehlo.broadcast_in_dim %c_14, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %102 = stablehlo.multiply %arg13, %101 : tensor<2xi32>
    %103 = stablehlo.add %100, %102 : tensor<2xi32>
    %c_15 = stablehlo.constant dense<1> : tensor<i32>
    %104 = stablehlo.broadcast_in_dim %c_15, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %105 = stablehlo.multiply %arg14, %104 : tensor<2xi32>
    %106 = stablehlo.add %103, %105 : tensor<2xi32>
    %c_16 = stablehlo.constant dense<-1> : tensor<i32>
    %107 = stablehlo.broadcast_in_dim %c_16, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %108 = stablehlo.multiply %arg15, %107 : tensor<2xi32>
    %109 = stablehlo.add %106, %108 : tensor<2xi32>
    %c_17 = stablehlo.constant dense<1> : tensor<i32>
    %110 = stablehlo.broadcast_in_dim %c_17, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %111 = stablehlo.multiply %arg16, %110 : tensor<2xi32>
    %112 = stablehlo.add %109, %111 : tensor<2xi32>
    %c_18 = stablehlo.constant dense<-1> : tensor<i32>
    %113 = stablehlo.broadcast_in_dim %c_18, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %114 = stablehlo.multiply %arg17, %113 : tensor<2xi32>
    %115 = stablehlo.add %112, %114 : tensor<2xi32>
    %c_19 = stablehlo.constant dense<1> : tensor<i32>
    %116 = stablehlo.broadcast_in_dim %c_19, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %117 = stablehlo.multiply %arg18, %116 : tensor<2xi32>
    %118 = stablehlo.add %115, %117 : tensor<2xi32>
    %c_20 = stablehlo.constant dense<-1> : tensor<i32>
    %119 = stablehlo.broadcast_in_dim %c_20, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %120 = stablehlo.multiply %arg19, %119 : tensor<2xi32>
    %121 = stablehlo.add %118, %120 : tensor<2xi32>
    %c_21 = stablehlo.constant dense<1> : tensor<i32>
    %122 = stablehlo.broadcast_in_dim %c_21, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %123 = stablehlo.multiply %arg20, %122 : tensor<2xi32>
    %124 = stablehlo.add %121, %123 : tensor<2xi32>
    %c_22 = stablehlo.constant dense<-1> : tensor<i32>
    %125 = stablehlo.broadcast_in_dim %c_22, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %126 = stablehlo.multiply %arg21, %125 : tensor<2xi32>
    %127 = stablehlo.add %124, %126 : tensor<2xi32>
    %c_23 = stablehlo.constant dense<1> : tensor<i32>
    %128 = stablehlo.broadcast_in_dim %c_23, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %129 = stablehlo.multiply %arg22, %128 : tensor<2xi32>
    %130 = stablehlo.add %127, %129 : tensor<2xi32>
    %c_24 = stablehlo.constant dense<-1> : tensor<i32>
    %131 = stablehlo.broadcast_in_dim %c_24, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %132 = stablehlo.multiply %arg23, %131 : tensor<2xi32>
    %133 = stablehlo.add %130, %132 : tensor<2xi32>
    %c_25 = stablehlo.constant dense<1> : tensor<i32>
    %134 = stablehlo.broadcast_in_dim %c_25, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %135 = stablehlo.multiply %arg24, %134 : tensor<2xi32>
    %136 = stablehlo.add %133, %135 : tensor<2xi32>
    %c_26 = stablehlo.constant dense<-1> : tensor<i32>
    %137 = stablehlo.broadcast_in_dim %c_26, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %138 = stablehlo.multiply %arg25, %137 : tensor<2xi32>
    %139 = stablehlo.add %136, %138 : tensor<2xi32>
    %c_27 = stablehlo.constant dense<1> : tensor<i32>
    %140 = stablehlo.broadcast_in_dim %c_27, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %141 = stablehlo.multiply %arg26, %140 : tensor<2xi32>
    %142 = stablehlo.add %139, %141 : tensor<2xi32>
    %c_28 = stablehlo.constant dense<-1> : tensor<i32>
    %143 = stablehlo.broadcast_in_dim %c_28, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %144 = stablehlo.multiply %arg27, %143 : tensor<2xi32>
    %145 = stablehlo.add %142, %144 : tensor<2xi32>
    %c_29 = stablehlo.constant dense<1> : tensor<i32>
    %146 = stablehlo.broadcast_in_dim %c_29, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %147 = stablehlo.multiply %arg28, %146 : tensor<2xi32>
    %148 = stablehlo.add %145, %147 : tensor<2xi32>
    %c_30 = stablehlo.constant dense<-1> : tensor<i32>
    %149 = stablehlo.broadcast_in_dim %c_30, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %150 = stablehlo.multiply %arg29, %149 : tensor<2xi32>
    %151 = stablehlo.add %148, %150 : tensor<2xi32>
    %c_31 = stablehlo.constant dense<1> : tensor<i32>
    %152 = stablehlo.broadcast_in_dim %c_31, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %153 = stablehlo.multiply %arg30, %152 : tensor<2xi32>
    %154 = stablehlo.add %151, %153 : tensor<2xi32>
    %c_32 = stablehlo.constant dense<-1> : tensor<i32>
    %155 = stablehlo.broadcast_in_dim %c_32, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %156 = stablehlo.multiply %arg31, %155 : tensor<2xi32>
    %157 = stablehlo.add %154, %156 : tensor<2xi32>
    %c_33 = stablehlo.constant dense<1> : tensor<i32>
    %158 = stablehlo.broadcast_in_dim %c_33, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %159 = stablehlo.multiply %arg32, %158 : tensor<2xi32>
    %160 = stablehlo.add %157, %159 : tensor<2xi32>
    %c_34 = stablehlo.constant dense<-1> : tensor<i32>
    %161 = stablehlo.broadcast_in_dim %c_34, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %162 = stablehlo.multiply %arg33, %161 : tensor<2xi32>
    %163 = stablehlo.add %160, %162 : tensor<2xi32>
    %c_35 = stablehlo.constant dense<1> : tensor<i32>
    %164 = stablehlo.broadcast_in_dim %c_35, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %165 = stablehlo.multiply %arg34, %164 : tensor<2xi32>
    %166 = stablehlo.add %163, %165 : tensor<2xi32>
    %c_36 = stablehlo.constant dense<-1> : tensor<i32>
    %167 = stablehlo.broadcast_in_dim %c_36, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %168 = stablehlo.multiply %arg35, %167 : tensor<2xi32>
    %169 = stablehlo.add %166, %168 : tensor<2xi32>
    %c_37 = stablehlo.constant dense<1> : tensor<i32>
    %170 = stablehlo.broadcast_in_dim %c_37, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %171 = stablehlo.multiply %arg36, %170 : tensor<2xi32>
    %172 = stablehlo.add %169, %171 : tensor<2xi32>
    %c_38 = stablehlo.constant dense<-1> : tensor<i32>
    %173 = stablehlo.broadcast_in_dim %c_38, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %174 = stablehlo.multiply %arg37, %173 : tensor<2xi32>
    %175 = stablehlo.add %172, %174 : tensor<2xi32>
    %c_39 = stablehlo.constant dense<1> : tensor<i32>
    %176 = stablehlo.broadcast_in_dim %c_39, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %177 = stablehlo.multiply %arg38, %176 : tensor<2xi32>
    %178 = stablehlo.add %175, %177 : tensor<2xi32>
    %c_40 = stablehlo.constant dense<-1> : tensor<i32>
    %179 = stablehlo.broadcast_in_dim %c_40, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %180 = stablehlo.multiply %arg39, %179 : tensor<2xi32>
    %181 = stablehlo.add %178, %180 : tensor<2xi32>
    %c_41 = stablehlo.constant dense<1> : tensor<i32>
    %182 = stablehlo.broadcast_in_dim %c_41, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %183 = stablehlo.multiply %arg40, %182 : tensor<2xi32>
    %184 = stablehlo.add %181, %183 : tensor<2xi32>
    %c_42 = stablehlo.constant dense<-1> : tensor<i32>
    %185 = stablehlo.broadcast_in_dim %c_42, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %186 = stablehlo.multiply %arg41, %185 : tensor<2xi32>
    %187 = stablehlo.add %184, %186 : tensor<2xi32>
    %c_43 = stablehlo.constant dense<1> : tensor<i32>
    %188 = stablehlo.broadcast_in_dim %c_43, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %189 = stablehlo.multiply %arg42, %188 : tensor<2xi32>
    %190 = stablehlo.add %187, %189 : tensor<2xi32>
    %c_44 = stablehlo.constant dense<-1> : tensor<i32>
    %191 = stablehlo.broadcast_in_dim %c_44, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %192 = stablehlo.multiply %arg43, %191 : tensor<2xi32>
    %193 = stablehlo.add %190, %192 : tensor<2xi32>
    %c_45 = stablehlo.constant dense<1> : tensor<i32>
    %194 = stablehlo.broadcast_in_dim %c_45, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %195 = stablehlo.multiply %arg44, %194 : tensor<2xi32>
    %196 = stablehlo.add %193, %195 : tensor<2xi32>
    %c_46 = stablehlo.constant dense<-1> : tensor<i32>
    %197 = stablehlo.broadcast_in_dim %c_46, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %198 = stablehlo.multiply %arg45, %197 : tensor<2xi32>
    %199 = stablehlo.add %196, %198 : tensor<2xi32>
    %c_47 = stablehlo.constant dense<1> : tensor<i32>
    %200 = stablehlo.broadcast_in_dim %c_47, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %201 = stablehlo.multiply %arg46, %200 : tensor<2xi32>
    %202 = stablehlo.add %199, %201 : tensor<2xi32>
    %c_48 = stablehlo.constant dense<-1> : tensor<i32>
    %203 = stablehlo.broadcast_in_dim %c_48, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %204 = stablehlo.multiply %arg47, %203 : tensor<2xi32>
    %205 = stablehlo.add %202, %204 : tensor<2xi32>
    %c_49 = stablehlo.constant dense<1> : tensor<i32>
    %206 = stablehlo.broadcast_in_dim %c_49, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %207 = stablehlo.multiply %arg48, %206 : tensor<2xi32>
    %208 = stablehlo.add %205, %207 : tensor<2xi32>
    %c_50 = stablehlo.constant dense<-1> : tensor<i32>
    %209 = stablehlo.broadcast_in_dim %c_50, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %210 = stablehlo.multiply %arg49, %209 : tensor<2xi32>
    %211 = stablehlo.add %208, %210 : tensor<2xi32>
    %c_51 = stablehlo.constant dense<1> : tensor<i32>
    %212 = stablehlo.broadcast_in_dim %c_51, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %213 = stablehlo.multiply %arg50, %212 : tensor<2xi32>
    %214 = stablehlo.add %211, %213 : tensor<2xi32>
    %c_52 = stablehlo.constant dense<-1> : tensor<i32>
    %215 = stablehlo.broadcast_in_dim %c_52, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %216 = stablehlo.multiply %arg51, %215 : tensor<2xi32>
    %217 = stablehlo.add %214, %216 : tensor<2xi32>
    %c_53 = stablehlo.constant dense<1> : tensor<i32>
    %218 = stablehlo.broadcast_in_dim %c_53, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %219 = stablehlo.multiply %arg52, %218 : tensor<2xi32>
    %220 = stablehlo.add %217, %219 : tensor<2xi32>
    %c_54 = stablehlo.constant dense<-1> : tensor<i32>
    %221 = stablehlo.broadcast_in_dim %c_54, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %222 = stablehlo.multiply %arg53, %221 : tensor<2xi32>
    %223 = stablehlo.add %220, %222 : tensor<2xi32>
    %c_55 = stablehlo.constant dense<1> : tensor<i32>
    %224 = stablehlo.broadcast_in_dim %c_55, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %225 = stablehlo.multiply %arg54, %224 : tensor<2xi32>
    %226 = stablehlo.add %223, %225 : tensor<2xi32>
    %c_56 = stablehlo.constant dense<-1> : tensor<i32>
    %227 = stablehlo.broadcast_in_dim %c_56, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %228 = stablehlo.multiply %arg55, %227 : tensor<2xi32>
    %229 = stablehlo.add %226, %228 : tensor<2xi32>
    %c_57 = stablehlo.constant dense<1> : tensor<i32>
    %230 = stablehlo.broadcast_in_dim %c_57, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %231 = stablehlo.multiply %arg56, %230 : tensor<2xi32>
    %232 = stablehlo.add %229, %231 : tensor<2xi32>
    %c_58 = stablehlo.constant dense<-1> : tensor<i32>
    %233 = stablehlo.broadcast_in_dim %c_58, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %234 = stablehlo.multiply %arg57, %233 : tensor<2xi32>
    %235 = stablehlo.add %232, %234 : tensor<2xi32>
    %c_59 = stablehlo.constant dense<1> : tensor<i32>
    %236 = stablehlo.broadcast_in_dim %c_59, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %237 = stablehlo.multiply %arg58, %236 : tensor<2xi32>
    %238 = stablehlo.add %235, %237 : tensor<2xi32>
    %c_60 = stablehlo.constant dense<-1> : tensor<i32>
    %239 = stablehlo.broadcast_in_dim %c_60, dims = [] : (tensor<i32>) -> tensor<2xi32>
    %240 = stablehlo.multiply %arg59, %239 : tensor<2xi32>
    %241 = stablehlo.add %238, %240 : tensor<2xi32>
    return %60, %241 : tensor<2xi32>, tensor<2xi32>
  }
}
