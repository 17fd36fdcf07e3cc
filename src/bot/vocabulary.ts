/**
 * The words of the chat, as data. A concept is what a word means to the bot; `Command.says` is written in concepts.
 * To teach the bot a synonym, add the word to its concept. An underscore joins the words of one expression, and a
 * part of an expression may be a concept: `tidak_usah` holds "ga usah", "gak usah", "mboten usah".
 * Endings and prefixes (-nya, -kan, -in, di-, me-, nge- …) and drawn letters ("lunaaas") need not be listed.
 * Everyday Javanese, Sundanese and Betawi stand beside the Indonesian.
 */

/** What a command is about. One of these that a command does not explain speaks against that command. */
export const CORE = {
  // Money that came in, and its way back
  lunas: 'lunas lunasin lns lunasi pelunasan',
  bayar: 'bayar dp panjar cicil nyicil angsur ngangsur dibayarkeun byr bayr byar mbayar mbyr mayar nyaur ngebayar',
  pembayaran: 'pembayaran pmbayaran pembyrn bayaran',
  terima: 'terima katampi menerima trima nerima tarima nampa nampi tampi tampa ngasih',
  uang: 'uang cuan duit duwit dhuwit artos arta yatra doku fulus uange duite keuangan',
  masuk: 'masuk msuk mlebu asup lebet',
  catat: 'catat catet nyatat nyathet cathet tandai tandain tandakan tandakeun',
  refund: `refund refun kembalikan balikin kembaliin balikkan pengembalian balekno balekne wangsulkeun wangsulke
    pulangkeun pengembalian_dana kembalikan_dana balikin_dana dana_kembali`,
  batal: `batal void batalkan btlkan btlin cancel cancl kensel urungkan urungin undo wurung tarik_lagi tarik_kembali
    bolay bolaykeun`,
  salah: 'salah slh keliru kliru klru lepat salah_input salah_ketik salah_pencet salah_catat salah_tulis typo',
  gajadi: 'gajadi gakjadi gkjadi tidak_jadi tidak_sido',
  // Bills
  tagih: `tagih tagihno tagihkeun nagih tagi tgih tgh tagh tageh ingatkan ingetin ingatin ingetkan ngingetin ingetno
    elingno elingke ingetkeun emutan remind reminder pengingat peringatan colek nyolek penagihan`,
  tagihan: `tagihan tghn taghn tgihan tagian tghan tagihane invoice invois infois inv bill billing iuran
    rekening_wifi`,
  kirim: 'kirim krm krim ngirim send share kintun wa_in wa_kan wain wakan',
  terbit: 'terbit proses terbitkan terbitken nerbit generate cetak nyetak rilis penerbitan',
  perkiraan: 'perkiraan prakiraan estimasi prediksi proyeksi',
  jadwal: 'jadwal jadwale schedule',
  diskon: 'diskon kurangin potongin diskonan discount disc potong potongan motong korting kurangi rabat keringanan',
  denda: 'denda didenda dnda biaya charge ongkos biaya_admin administrasi ongkir',
  semua: `semua sedanten sekabeh smua smw smuanya semuanya semuane kabeh kabehan sedaya sadaya sadayana sedoyo
    seluruh seluruhnya sakabeh sakabehna all setiap massal masal semuany`,
  telat: `telat utang hutang ngutang tlat telad terlambat nunggak nunggk tunggak menunggak tunggakan penunggak
    nunggakan ngaret overdue piutang lewat_tempo lewat_jatuh_tempo lewat_jt_tempo lewat_tanggal_tempo liwat_tempo
    kelewat_tempo sudah_jatuh_tempo`,
  tempo: 'tempo jatuh_tempo jt_tempo jth_tempo jatem jtempo tenggat deadline batas_bayar batas_pembayaran batas',
  samakan: 'samakan samain seragamkan seragamin ratakan ratain nyamakan padakno podokno samikeun',
  mundur: 'mundur undur geser tunda nunda majukan majuin maju mundurin undurin perpanjang panjangin',
  janji: `janji jnji jangji janjian minta_waktu minta_tempo minta_tenggang mohon_waktu tolong_waktu minta_mundur
    sanggup berjanji`,
  suruh: 'suruh suruhin nyuruh kon kongkon kengken titah',
  // Reports
  rekap: `rekap penerimaan rkp rekapan rekapitulasi laporan ringkasan summary omzet omset pemasukan pendapatan
    penghasilan statistik pembukuan rangkuman income`,
  // Customers
  cari: `cari padosi madosi padosaken cariken cri nyari golek goleki nggolek golekno golekne milari milarian pilari
    teang teangan neangan search find`,
  lihat: `lihat mirsani ningal tingalikeun liatkeun liat lht tampilkan tampilin tunjukkan tunjukin cek cekin ngecek
    ceki check deleng ndelok delok tingali ninggali`,
  data: 'data info informasi detail detil profil keterangan biodata',
  status: 'status progres progress perkembangan posisi',
  daftar: 'daftar dftr list lis',
  tambah: `tambah add tambahkeun nambah tmbh tambahan nambihan tambihan daftarkan daftarin daftarno daftarkeun
    ndaftarke input entri masukkan masukin masukno asupkeun lebetkeun registrasi reg tambahin`,
  psb: 'psb pasang_baru pemasangan_baru',
  pasang: 'pasang psng pemasangan masang',
  ganti: `ganti gentos gentosan ngagentos gnti ubah rubah koreksi ralat benerin betulkan betulin perbarui update
    pindah pndah pindahkan mutasi ngganti gantos owahi robih set setel atur ngatur rubahin`,
  edit: 'edit ngedit',
  wa: 'wa whatsapp watsap wasap',
  nomor: 'nomor nomer nmr nmer hp nohp nope telepon telpon telp no_hp no_wa nomor_wa nomor_hp nomor_telepon no_telp',
  alamat: 'alamat rt_berapa rt_mana rw_berapa almt',
  langganan: 'langganan lgn berlangganan langganane',
  cuti: `cuti off_sementara putus_sementara libur jeda pause rehat vakum bekukan berhenti_sementara stop_sementara
    nonaktif_sementara nonaktifkan_sementara prei`,
  aktif: 'aktif aktip aktipkeun aktivkan aktivasi aktifno',
  lanjut: 'lanjut lanjutkan lnjt lnjut terusin teruskan nerusin terusno next resume continue lajeng lajengkeun',
  berhenti: `berhenti tutup_langganan tutup_akun mandheg liren brhenti brenti berenti stop setop hentikan mandeg
    mandek eureun ereun leren cabut nyabut`,
  nonaktif: 'nonaktif non_aktif non_aktifkan nonaktip',
  keluar: 'keluar kluar metu kaluar keluarkan keluarin',
  hapus: 'hapus apus hps delete remove busak buang hilangkan ilangin',
  putus: `putus pareuman paeh pegat putusin mutus isolir ngisolir matikan matiin mateni pateni paehan blokir block
    suspend pedot pedhot off offkan disconnect dc diskonek`,
  nyala: `nyala online konek hirup hirupkeun idupin idup hidup urip uripno uripke murub hurung hurungkeun sambung
    nyambung unblock unsuspend onkan buka_putus lepas_putus cabut_putus berhenti_putus angkat_putus hapus_putus`,
  pecat: 'pecat copot mecat pecot',
  rumah: 'rumah omahe umahe rumahe griyane umah omah imah bumina',
  kosong: `kosong suwung tutup terkunci digembok sepi tidak_ada_di_rumah tidak_di_rumah tidak_ada_orang tidak_ada
    tidak_ketemu tidak_ketemu_orangnya tidak_aya tidak_ono tidak_ana orang_tidak_ada`,
  jalan: 'jalan keliling kunjungan kunjung kunjungi didatangi datangi rute muter ngider ider mlaku mlampah',
  catatan: 'catatan cathetan',
  selesai: 'selesai rampung beres kelar bubar',
  akses: 'akses',
  // Cash in hands
  kas: 'kas pegang megang pegangan bawa mbawa nyekel cekel tangan kantong',
  setor: 'setor setoran nyetor storan stor setorno setorkeun',
  saldo: 'saldo deposit',
  // Plans
  paket: 'paket pkt paketan pakete layanan produk',
  harga: 'harga hrg tarif price pricelist',
  naik: 'naik naikkan naikin turun turunkan turunin munggah mudhun',
  // Broadcasts
  umumkan: 'umumkan umumin umumno pengumuman siarkan siarin woro-woro umumkeun wartosan',
  kabari: `kabari kabarin ngabarin kabarkan beritahu beritahukan beri_tahu kasih_tahu kasih_tau infokan infoin
    informasikan sampaikan wartakan bejakeun`,
  siaran: 'siaran broadcast brodcast brotkes bc blast sebar nyebar',
  pengiriman: 'pengiriman kiriman terkirim kekirim pangiriman',
  gagal: 'gagal failed',
  contoh: 'contoh conto sampel preview pratinjau contone',
  tes: 'tes test ngetes',
  // The rest
  panel: 'panel dashboard dasbor dasbord web website login backoffice',
  upgrade: 'upgrade upgread apgred upgrd tingkatkan',
  bisnis: 'bisnis business',
  layanan_pelanggan: 'bantuan_cs bantuan_admin cs support dukungan customer_service pengelola operator developer',
  hubungi: 'hubungi hubungkan kontak ngomong bicara',
  lapor: 'lapor laporkan melapor ngelapor',
  masalah: 'masalah kendala bug problem trouble keluhan komplain',
  bantuan: 'bantuan help menu fitur petunjuk panduan tutorial pitulung',
  cara: 'cara caranya carane carana',
  perintah: 'perintah command keyword',
  tolak: 'tolak nolak reject ditolak',
  // What customers write
  mulai: 'mulai start wiwit mimiti',
  pesan: 'pesan psn chat ngechat notif notifikasi spam sms dm',
  ganggu: 'ganggu unsubscribe unsub',
  riwayat: 'riwayat history histori riwayate',
  kwitansi: 'kwitansi kuitansi kwitans nota struk resi receipt kwintansi',
  bukti: 'bukti buktine',
  gajian: 'gajian gaji',
  kenapa: 'kenapa kena_apa kenging_punapa knp knapa mengapa ngapa kok kenopo ngopo kunaon naha geneyo',
  gangguan: `gangguan ganguan lemot lelet lambat lelot mati los lost macet error eror trouble ngelag lag rusak
    diperbaiki perbaiki lampu_merah putus-putus`,
  mahal: 'mahal dobel double kemahalan kecewa parah',
  keliru_nomor: 'salah_nomor salah_sambung salah_alamat salah_kamar',
  benda: `kabel router modem antena tower tiang konektor adaptor ont onu splitter server alfamart indomaret alfa
    kopi rokok pulsa listrik lampu parkir bensin motor mobil truk bus kereta kucing film bola ikan kuota baterai batre
    charger mesin ojek`,
  ngobrol: `marah ngomel ketemu nelpon nelfon lupa hilang ilang order jualan dagang nongkrong olahraga ronda makan
    mangan nedha dahar sarapan minum ngopi tidur turu sare mandi hujan udan panas macetan kuliah belanja beli tumbas
    tuku jual sakit gering sehat istri suami anak anakku cucu main mancing tahlilan pengajian kondangan hajatan
    meninggal ulang_tahun meeting rapat kerja lembur capek capai cape ngantuk bosan sedih lucu gila pusing mumet
    sinyal rame ramai cuaca dingin tadi_malam di_jalan jalan-jalan pindah_rumah pindah_kontrakan pindah_kota
    pulang_kampung pulkam pulang mulih berangkat datang teka pesta lebaran puasa ramadhan kabar`,
  // No and not yet: an action that does not explain them is never done
  jangan: `jangan belum_usah ampun jgn jangn jngn ojo ojok aja_nganti ulah entong tidak_usah tidak_perlu tidak_boleh
    gausah gosah rausah gakusah gperlu tidak_kudu`,
  tidak: `tidak tdk tidaklah ga gak gk g gx nggak nggk ngga ngk ngak enggak engga enggk endak ndak nda ndk kaga
    kagak kgk ora mboten boten henteu hente teu moal ogah gamau emoh wegah`,
  bukan: 'bukan bkn dudu sanes',
  belum: `belum urung gurung encan teu_acan blm blom belom belon blum blun lum lom durung durong dereng acan can
    tacan teuacan`,
} as const

/** What colours a sentence: useful in `says`, and nearly silent elsewhere. */
export const LIGHT = {
  ya: `ya nggeh injih enjih enya ye iyeh y yaa iya iyah iyo iye iyes yak yup yep yap yoi yo yha yes heeh nggih
    inggih enggih njih muhun sumuhun leres ok oke okay okey okeh oce okee siap siyap sip siip setuju baik baiklah acc
    gas gass gaskeun betul bener benar bnr cocok deal sah gaskan gasken gaspol sepakat`,
  tolong: `tolong mohon_bantuannya minta_bantuannya bantosan rewangi ewangi tlg tlong tolongin mohon plis pls please
    bantu bantuin tulung tulungan minta_tolong`,
  bisa: 'bisa bs bsa isa iso tiasa saget bisakah boleh blh bolehkah dapatkah',
  sudah: `sudah pun mpun atos ude sdh sudh udah udh uda ud udeh udeuh dah wis wes uwis uwes wus sampun geus parantos
    tos telah`,
  mau: 'mau bakal hoyong mo mao mw pengen pingin ingin arep bade badhe hayang akan hendak pgn',
  nanti: 'nanti nti ntar nnt engke mengko mangke engkin',
  tadi: 'tadi td barusan tadinya wau',
  lagi: 'lagi lg maneh deui malih kembali ulang',
  baru: 'baru bru anyar enggal',
  yang: 'yang nyang yg sing ingkang nu',
  siapa: 'siapa sapa sopo saha siape sinten siapakah',
  berapa: 'berapa brp brapa brpa pira piro pinten sabaraha baraha berape berapakah',
  kapan: 'kapan kpn iraha kapankah',
  apa: 'apa ngapain ape opo naon apakah napa apaan punapa',
  mana: 'mana dimane kemane dimana kemana ngendi endi dimanakah',
  gimana: 'gimana gimane pegimane gmn gmana bagaimana piye pye pripun kumaha bgmn',
  dan: 'dan',
  kan: 'kan toh iyakan khan',
  saya: 'saya kuring ulun sy sya aku aq gua gue gw ane kula kulo dalem abdi kami kita urang dewek inyong',
  ke: 'ke kepada jadi menjadi dadi ka janten',
  dari: 'dari dr saking saka ti teko',
  pelanggan: 'pelanggan plgn plg pelangan plggn customer cust konsumen member anggota pelanggane nasabah warga',
  nama: 'nama wasta nami jeneng asma ngaran namane',
  orang: 'orang wong jalma org tiyang',
  minta: 'minta unduh download donlot export ekspor mnta mnt nyuwun menta njaluk nyuhunkeun',
  ada: 'ada ono aya wonten',
  buat: 'buat bikin gawe damel nyieun buatin bikinin',
  buka: 'buka bukak bukain',
  dapat: 'dapat dapet dpt entuk kenging meunang',
  masih: 'masih msh isih keneh tasih',
  harus: 'harus hrs kudu mesti wajib kedah',
  total: 'total jumlah jml sisa',
  terakhir: 'terakhir trakhir pungkasan',
  ini: 'ini iki niki ieu nih',
  no: 'no',
  sekaliIni: 'sekali_ini sekali_saja sekali_aja sekali_iki sakali_ieu cuma_sekali hanya_sekali sepisan_iki',
  angkat: 'angkat jadikan jadiin',
  andai: `kalau kalo klo kl yen lamun menawi umpama jika bila apabila nek agar biar supaya supados semoga sebelum
    sblm sblum`,
  karena: 'karena krn karna gara-gara gara_gara gegara alasan sebab soalnya soale',
  link: 'link tautan url alamat_web',
  salam: `salam met kulo_nuwun kula_nuwun hallow helow sugeng_enjing sugeng_siang sugeng_sonten sugeng_dalu
    sugeng_ndalu sugeng_rawuh halo hallo hai hi hey hei helo hello pagi siang sore malam malem assalamualaikum
    asalamualaikum assalamualaikumm assalamu'alaikum assalammualaikum askum samlekum waalaikumsalam selamat permisi
    punten kulonuwun sampurasun p ping oi woi wilujeng_enjing wilujeng_siang wilujeng_sonten wilujeng_wengi wilujeng`,
  terimakasih: `terimakasih makasih makasi mksh mksih terima_kasih trimakasih trims terimakasih_data
    terimakasih_bantuan terimakasih_tolong thx thanks thank thankyou tq tks tengkyu tenkyu suwun nuwun matur_nuwun
    maturnuwun matursuwun matur_suwun nuhun hatur_nuhun haturnuhun sama-sama sama_sama`,
  tawa: 'lol wkwk hehe haha hihi ngakak',
  seru: `sebentar bentar tunggu hadeh duh aduh waduuh mantap mantul keren bagus alhamdulillah alhamdulilah syukur
    amin aamiin hebat semangat waduh wah wow astaga astagfirullah maaf maap sori sorry ngapunten hapunten insyaallah
    insya_allah mangga monggo`,
} as const

/** Words without weight of their own. */
export const FILLER = `
  kurang kurangnya full penuh lengkap utuh pas koneksi subuh magrib isya dzuhur ashar akhir awal kali kedua ketiga
  resmi udahan balik semalam aje tanya nanya aplikasi waka sekaligus usahakan usaha usahain coba cobain bentuk
  jaringan tersedia butuh enteni ngenteni antosan nyok dong donk dongs deh sih nih tuh lho loh lah mah atuh euy dah
  doang doank aja saja sj aj ae wae bae mawon banget bgt sekali dulu dlu dl sek disik rumiyin heula segera cepat cepet
  buruan skrg sekarang skrang skg skr saiki sakniki ayeuna nuju untuk utk untk kanggo keur kangge di nang ning neng
  nding dina pada sini sana dengan dgn dg karo kalih jeung sareng oleh itu itunya itulah kae eta tu si sampai sampe
  smpe smp nganti tekan dugi ngantos hingga sd via lewat pakai pake pk pakek ngangge ngagunakeun waktu ketika an
  tersebut tsb juga jg ugi pisan ternyata rupanya katanya jare cenah bilang ngomong wonge orangnya orange jalmina dia
  ia mereka beliau anda kamu kau sampeyan njenengan panjenengan anjeun titip nitip ayo yuk mari gan min mimin bro bray
  sis bos boss bosku ndan juragan sob cuy ngab lur dulur wifi internet inet wifine indihome kah seperti kayak kaya kek
  atau ato utawa para banyak cuma cuman hanya mung khusus tetap malah namun tapi tp padahal terus trus lalu kemudian
  setelah sebelumnya sekalian langsung lgsg otomatis kasih beri wenehi paringi bere berikan kasi sebesar senilai
  sejumlah seharga nominal kelebihan lebihan tertunda sekitar kira-kira kurleb tak hari hr tinggal tgl tanggal bulan
  bln minggu tahun thn jam pukul lebih lbh dalam per tiap dll dst oh eh ih oo ooo hm hmm hmmm em emm ehm ah nah lha la
  cie punya nya e ne x kena kenakan kenain kudune mestine jarang sering kadang selalu pernah pasti mungkin besar kecil
  sendiri dewe nyalira luar rp bagian antara tentang soal perihal bahwa bahwasanya hampir masing-masing minimal
  minimum maksimal adalah akhirnya apalagi atas bagi bahkan begini begitu belakangan berarti berikut bersama biarin
  biasa biasanya cukup daripada demi depan dulunya emang memang entah gitu gini guna hal harusnya ikut jauh justru
  kata kebetulan kecuali kelihatan keseluruhan lain lainnya liyane lama makanya maka mending meski meskipun misal
  misalnya nyaris paling pantas penting perlu pertama pihak pula nduwe gadhah boga rasanya saat sama ama ame sambil
  sangat sebagai sebagian sebaiknya sebenarnya secara sedang sedangkan sedikit segala sejak selain selama semakin
  sementara seorang serta sesuai sesudah susah tahu tau ngerti tanpa tentu tepat terlalu tertentu terutama turut
  umumnya usai walau walaupun wib wita yaitu yakni lo lu loe elu ente situ anu percuma nunggu ngantri antri habis abis
  bubar tenang ing menyang marang ben ngene ngono ngoten ngeten koyok ket mbek ambek rek iku kuwi niku nika maning
  meneh ugo tea weh we ge oge jigana sigana kite ntu entu sepertinya kayaknya kyknya kayanya di_sana di_situ di_sini
  atas_nama kurang_dari`

/** What stands before a name and is no part of it; also how people address whoever they write to. */
export const TITLES = `
  pak pa bu mpok nyak babeh lae ito gek jro kek nek alm almh bpk bp bapak ibu ibuk buk pk mas mba mbak mbakyu kak
  kakak ka bang abang bg kang akang teh teteh ceu euceu om tante tan cak ning yu lik lek mang mamang aa uda uni koh ko
  ci cici cik cece bli mbok dek dik adek adik de neng nduk le nak nyonya tuan tn ny nn sdr sdri saudara saudari ir drs
  dra prof bunda ayah mama mamah mamak papa papah emak mak umi ummi abi babe engkong encang encing kakanda daeng ustaz`

/** Titles that are the name where none follows: "lunas pak haji" is about haji. */
export const DIGNITIES = `
  haji ustdz ust uztad drg hajah hajjah h hj ustadz ustad ustadzah kyai kiai kiyai kh gus ning mbah simbah embah eyang
  nenek kakek pakde pakdhe bude budhe paklik bulik paklek bulek dr dokter bidan umi ummi abi abah opa oma pendeta romo`

/** Ways of paying, by their name in the contract. Each is a concept too. */
export const METHODS = {
  cash: 'cash kes kas_tunai tunai kontan cas tunei',
  transfer: `transfer tf ditf kutf trf trnsfr tranfer transfr tranf transferan tfan rekening rek norek no_rek
    no_rekening nomor_rekening atm bca bri bni mandiri btn bsi cimb danamon mbanking m-banking bank brimo livin`,
  qris: 'qris qr qriss kris scan barcode barkode',
  va: 'va virtual virtual_account briva',
  ewallet: 'ewallet e-wallet dana ovo gopay gopai shopeepay shopeepai linkaja dompet_digital sopipay',
  midtrans: 'midtrans mitrans',
} as const

/** Roles of staff, by their name in the contract; `any` is staff without saying which. */
export const ROLES = {
  any: 'staf staff karyawan petugas pegawai tim anak_buah kru crew',
  owner: 'owner pemilik',
  admin: 'admin atmin',
  collector: 'collector penagih kolektor juru_tagih tukang_tagih tukang_tarik penarik',
  technician: 'teknisi tehnisi teknisine',
  viewer: 'viewer pengawas pemantau',
} as const

export const FORMATS = ['excel', 'excell', 'exel', 'eksel', 'xlsx', 'xls', 'spreadsheet']

/** Words that begin an area; the next word or number belongs to it. */
export const AREAS = wordSet(`
  rt rw blok blk dusun dsn dukuh gang gg kampung kp kampong desa ds perum perumahan komplek kompleks lingkungan klaster
  cluster jalur`)

/** Those whose names have two words more often than not. */
export const LONG_AREAS = wordSet('perum perumahan komplek kompleks klaster cluster')

/** Words before an area that say no more than "area". */
export const AREA_PREFIXES = wordSet('wilayah area zona daerah kawasan')

export const STREETS = wordSet('jl jln jalan jlan')

/** What announces the number of a day in the month. */
export const DAY_WORDS = wordSet('tgl tanggal tggl tnggl tgal tggal tanggale tglnya tanggalnya tgle tanggl')

/** Days by their distance from today; the farthest are negative. */
export const RELATIVE_DAYS = byWord({
  '0': 'hari_ini hr_ini hari_iki dina_iki dinten_niki dinten_ieu poe_ieu',
  '1': 'besok bsk bsok bsuk besuk mbesuk sesuk sesok benjing mbenjing enjing isukan esok',
  '2': 'lusa besok_lusa bsk_lusa emben pageto lusane',
  '-1': 'kemarin kmrn kemaren kmaren kmrin kmren wingi kamari kemarennya',
  '-2': 'kemarin_lusa kemaren_lusa kmrn_lusa kemarin_dulu kemaren_dulu kmrn_dulu selumbari mangkukna',
})

/** Days of the week, Monday is 1. */
export const WEEKDAYS = byWord({
  '1': 'senin senen snn snin',
  '2': 'selasa sls slasa seloso',
  '3': 'rabu rbu rebo',
  '4': 'kamis kms kemis',
  '5': "jumat jum'at jmt jumaat jumuah",
  '6': 'sabtu sbt setu saptu',
  '7': 'minggu ahad mgg akad',
})

/** What stands behind "bulan", "minggu" or a weekday: this one, the next, the last. */
export const THIS = wordSet('ini iki niki ieu saiki berjalan')
export const NEXT = wordSet('depan ngarep hareup ngajeng payun berikutnya mendatang')
export const LAST = wordSet('lalu kemarin kemaren kmrn kmren kmaren wingi kepungkur kamari sebelumnya silam tadi')

/** Months that people are called. */
export const MONTHS_THAT_ARE_NAMES = wordSet('mei april juni juli jan jun jul mar sep des feb nov apr agu')

/** Words that are names too: beside a name, behind a title, or where a person must be meant and none is named. */
export const WORDS_THAT_ARE_NAMES = wordSet('bagus amin dina abdi asma hebat semangat syukur baik jadi mulia')

/**
 * The words of commands that are recognised with one slip of the finger (five letters and more; "ganti" is too near to
 * Santi and Yanti), and the names that are one slip away from one of them.
 */
export const GUESSABLE = [
  ...wordSet(`
    lunas lunasin lunaskan bayar pembayaran transfer batal batalkan batalin refund kembalikan tagih tagihan tagihin
    ingatkan kirim kirimkan terbitkan diskon potong potongan denda semua semuanya telat nunggak tunggakan menunggak
    tempo samakan mundurkan mundurin undur geser janji belum rekap laporan pemasukan pendapatan lihat tampilkan daftar
    tambah tambahkan daftarkan hapus aktifkan langganan berhenti hentikan putus putuskan isolir blokir matikan nyala
    nyalakan sambung hidupkan kunjungan keliling setor setoran paket harga umumkan pengumuman pengiriman status lanjut
    lanjutkan contoh penagih teknisi admin panel upgrade bantuan kwitansi rekening riwayat pelanggan`),
]
export const NAMES_NEAR_COMMANDS = wordSet('lukas bahar karim kirom panji dinda dendi armin putut batak')

/** Words that are names only behind a title: "pak hari", "mbak via". */
export const NAMES_BEHIND_TITLES = wordSet('hari isa kasih iyah besar kecil kuat tenang via dana mandiri min')

/** Numbers in words, and what multiplies them. */
export const NUMERALS = byWord({
  '1': 'satu siji hiji',
  '2': 'dua loro rong',
  '3': 'tiga telu telung tilu',
  '4': 'empat papat patang opat',
  '5': 'lima limang',
  '6': 'enam enem nem genep',
  '7': 'tujuh pitu pitung',
  '8': 'delapan wolu wolung dalapan',
  '9': 'sembilan sanga songo salapan',
  '10': 'sepuluh sapuluh',
  '11': 'sebelas sewelas sabelas',
  '25': 'selawe',
  '50': 'seket gocap',
  '60': 'sewidak',
  '100': 'seratus satus saratus cepek',
  '500': 'gopek',
  '1000': 'seribu sewu sarebu seceng',
  '10000': 'ceban',
  '20000': 'noban',
  '50000': 'goban',
  '1000000': 'sejuta sayuta',
})
export const MULTIPLIERS = byWord({
  '10': 'puluh',
  '100': 'ratus atus',
  '1000': 'ribu rebu ewu',
  '1000000': 'juta yuta',
})

/** Units of time in days or months, and one of a unit in one word. */
export const UNITS_OF_TIME: ReadonlyMap<string, Unit> = new Map([
  ...units({ days: 1 }, 'hari hr dina dinten poe'),
  ...units({ days: 7 }, 'minggu mgg pekan'),
  ...units({ months: 1 }, 'bulan bln bl sasi wulan sasih'),
  ...units({ months: 12 }, 'tahun thn taun'),
])
export const ONE_OF_A_UNIT: ReadonlyMap<string, Unit> = new Map([
  ...units({ days: 1 }, 'sehari'),
  ...units({ days: 7 }, 'seminggu sepekan saminggu'),
  ...units({ months: 1 }, 'sebulan sesasi sabulan'),
  ...units({ months: 12 }, 'setahun sataun'),
])
export type Unit = { days: number; months?: undefined } | { months: number; days?: undefined }

/** What makes a number the speed of a plan: never money. */
export const SPEEDS = wordSet('mbps mb mbit mega mbs mbp')

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.trim().split(/\s+/))
}

function byWord(table: Record<string, string>): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(table).flatMap(([number, words]) => words.split(' ').map((word) => [word, Number(number)] as const)),
  )
}

function units(unit: Unit, words: string): [string, Unit][] {
  return words.split(' ').map((word) => [word, unit])
}
